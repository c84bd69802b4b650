-- The one database of the warehouse, whose name the spend documents print. Asked by: every opening.
CREATE DATABASE IF NOT EXISTS finops
