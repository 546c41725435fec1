"""The site: sign-in, the pages of the service in a browser, and what they keep of people and documents."""
