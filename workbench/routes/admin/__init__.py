"""`/site/admin`: what admins see and change. Each route takes `Admin`, and writes into the audit log what it changed."""

from workbench.routes.admin import accounts, audit, feedback, invites, models, resets, users

ROUTES = (accounts, users, invites, resets, feedback, models, audit)
