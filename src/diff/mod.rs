//! Two sets of records -> verdicts. Knows neither CSV nor HTTP.
