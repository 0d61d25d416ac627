"""SQL models: one SELECT a file in `dbt_like_sql/`, each an asset, a lake table and its checks."""
