-- Which of these has happened already. The keys come as a JSON array. Rows: those found.
SELECT once FROM entry WHERE once IN (SELECT json_array_elements_text(:once::text::json))
