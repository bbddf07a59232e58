-- clickstream_median_purchase_amount: Median amount of the day's purchases, in the currency of the data.
-- by: day
-- needs: purchase, revenue
SELECT median(revenue) AS clickstream_median_purchase_amount
FROM purchases
WHERE revenue IS NOT NULL
