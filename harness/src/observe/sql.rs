//! `sql: select ...`: a query made again and again, on PostgreSQL or SQLite.

use super::poll::sighting;
use super::{Look, Sighting};
use crate::address::chain;
use crate::expression::Scope;
use crate::stack::{Evidence, Learn};
use async_trait::async_trait;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    Column, ConnectOptions, Connection, PgConnection, Row, SqliteConnection, TypeInfo, ValueRef,
};
use std::str::FromStr;
use std::time::Duration;

/// A query that takes longer counts as one that saw nothing.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Sql {
    rule: Learn,
    query: String,
    url: String,
    connection: Option<Database>,
}

enum Database {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Sql {
    pub fn new(rule: &Learn, url: String) -> Sql {
        let Evidence::Sql { query, .. } = &rule.evidence else {
            panic!(
                "an SQL observer is made from an SQL rule, not from {:?}",
                rule.evidence
            );
        };
        Sql {
            rule: rule.clone(),
            query: query.clone(),
            url,
            connection: None,
        }
    }

    async fn rows(&mut self) -> Result<Vec<Value>, sqlx::Error> {
        // A connection that failed is not used again.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Database::connect(&self.url).await?,
        };
        let rows = connection.rows(&self.query).await?;
        self.connection = Some(connection);
        Ok(rows)
    }
}

#[async_trait]
impl Look for Sql {
    async fn look(&mut self) -> Result<Vec<Sighting>, String> {
        let rows = tokio::time::timeout(TIMEOUT, self.rows())
            .await
            .map_err(|_| format!("no answer within {} s", TIMEOUT.as_secs()))?
            .map_err(|e| chain(&e))?;
        let mut sightings = Vec::new();
        for row in &rows {
            let mut scope = Scope::new();
            scope.set("row", row);
            sightings.extend(sighting(&self.rule, &scope, None)?);
        }
        Ok(sightings)
    }
}

impl Database {
    async fn connect(url: &str) -> Result<Database, sqlx::Error> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .read_only(true)
                .create_if_missing(false);
            return Ok(Database::Sqlite(options.connect().await?));
        }
        Ok(Database::Postgres(PgConnection::connect(url).await?))
    }

    async fn rows(&mut self, query: &str) -> Result<Vec<Value>, sqlx::Error> {
        match self {
            // The server turns rows into JSON, so that every type it has arrives in one form.
            Database::Postgres(connection) => {
                let query = format!("select row_to_json(looked)::text from ({query}) as looked");
                let rows = sqlx::query(sqlx::AssertSqlSafe(query))
                    .fetch_all(connection)
                    .await?;
                let texts = rows.iter().map(|row| row.try_get::<String, _>(0));
                texts
                    .map(|text| Ok(serde_json::from_str(&text?).unwrap_or_default()))
                    .collect()
            }
            Database::Sqlite(connection) => {
                let query = sqlx::AssertSqlSafe(query.to_owned());
                let rows = sqlx::query(query).fetch_all(connection).await?;
                rows.iter().map(sqlite_row).collect()
            }
        }
    }
}

fn sqlite_row(row: &sqlx::sqlite::SqliteRow) -> Result<Value, sqlx::Error> {
    let mut fields = Map::new();
    for (i, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(i)?;
        let value = match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" | "BOOLEAN" => row.try_get_unchecked::<i64, _>(i)?.into(),
            "REAL" => row.try_get_unchecked::<f64, _>(i)?.into(),
            "BLOB" => String::from_utf8_lossy(&row.try_get_unchecked::<Vec<u8>, _>(i)?).into(),
            _ => row.try_get_unchecked::<String, _>(i)?.into(),
        };
        fields.insert(column.name().to_owned(), value);
    }
    Ok(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn sqlite_rows_come_with_their_types() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let options = SqliteConnectOptions::from_str(&url)
            .unwrap()
            .create_if_missing(true);
        let mut writer = options.connect().await.unwrap();
        sqlx::query("create table t (id integer, name text, x real, gone text)")
            .execute(&mut writer)
            .await
            .unwrap();
        sqlx::query("insert into t values (7, 'a', 0.5, null)")
            .execute(&mut writer)
            .await
            .unwrap();
        let mut database = Database::connect(&url).await.unwrap();
        let rows = database
            .rows("select *, (select count(*) from t) as n from t")
            .await
            .unwrap();
        assert_eq!(
            rows,
            [json!({"id": 7, "name": "a", "x": 0.5, "gone": null, "n": 1})]
        );
        let error = database.rows("select * from nowhere").await.unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
