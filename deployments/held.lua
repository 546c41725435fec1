-- A request that comes while no gateway is there waits for one: the next gateway starts when the last has died, or takes
-- requests a moment after it has left. Only HAProxy knows when; it holds the connection meanwhile, without a thread.
--
-- `http-request lua.wait_for_checks`: returns once each place was looked at since HAProxy began, and sets `proc.checked`. Until
-- then HAProxy believes that all are taken, and would send most requests to places that are free.
-- `http-request lua.wait_for_gateway`: returns as soon as a server of the backend is up, or after SECONDS; the request then goes
-- its way, and finds a gateway or the answer of `haproxy_config.py`.

local SECONDS, STEP_MILLISECONDS = 20, 50
-- Two rounds of checks (CHECK_MILLISECONDS in `haproxy_config.py`), which HAProxy spreads over the first.
local FIRST_CHECKS_MILLISECONDS = 500

local checked = false

core.register_task(function()
    core.msleep(FIRST_CHECKS_MILLISECONDS)
    checked = true
end)

local function wait_for_checks(transaction)
    while not checked do
        core.msleep(STEP_MILLISECONDS)
    end
    transaction:set_var("proc.checked", true)
end

local function wait_for_gateway(transaction)
    local gateways = core.backends["gateways"]
    for _ = 1, SECONDS * 1000 / STEP_MILLISECONDS do
        if gateways:get_srv_act() > 0 then
            return
        end
        core.msleep(STEP_MILLISECONDS)
    end
end

core.register_action("wait_for_checks", { "http-req" }, wait_for_checks)
core.register_action("wait_for_gateway", { "http-req" }, wait_for_gateway)
