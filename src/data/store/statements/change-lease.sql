-- Adds to what a process holds of an account, or takes from it.
INSERT INTO lease (epoch, account_id, granted_nano) VALUES (:epoch, :accountId, :changeNano)
ON CONFLICT (epoch, account_id) DO UPDATE SET granted_nano = lease.granted_nano + excluded.granted_nano
