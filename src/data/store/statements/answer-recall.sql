-- What lay idle was returned, by a return begun after this recall was seen.
UPDATE lease SET answered = :number WHERE epoch = :epoch AND account_id = :accountId AND answered < :number
