-- Channels that messages wait for. Rows: at most the channels there ever were.
SELECT DISTINCT channel FROM alert_delivery WHERE state = 'waiting'
