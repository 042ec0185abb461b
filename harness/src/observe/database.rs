//! A connection to a database, whichever it is.

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    Column, ConnectOptions, Connection, MySqlConnection, PgConnection, Row, SqliteConnection,
    TypeInfo, ValueRef,
};
use std::str::FromStr;

/// An open connection.
pub(super) enum Database {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// MySQL or MariaDB.
    MySql(MySqlConnection),
    /// SQLite, read only.
    Sqlite(SqliteConnection),
}

impl Database {
    /// Connects to what the URL names: `sqlite:`, `mysql:`, `mariadb:`, or else `postgres:`.
    pub async fn connect(url: &str) -> Result<Database, sqlx::Error> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .read_only(true)
                .create_if_missing(false);
            return Ok(Database::Sqlite(options.connect().await?));
        }
        if url.starts_with("mysql:") || url.starts_with("mariadb:") {
            return Ok(Database::MySql(MySqlConnection::connect(url).await?));
        }
        Ok(Database::Postgres(PgConnection::connect(url).await?))
    }

    /// The rows of a query, each with its fields by name.
    pub async fn rows(&mut self, query: &str) -> Result<Vec<Value>, sqlx::Error> {
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
            Database::MySql(connection) => {
                // Everything comes as text, also what has no type of ours, such as times.
                let query = sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned()));
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(mysql_row).collect()
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

fn mysql_row(row: &sqlx::mysql::MySqlRow) -> Result<Value, sqlx::Error> {
    let mut fields = Map::new();
    for (i, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(i)?;
        let (name, null) = (raw.type_info().name().to_owned(), raw.is_null());
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let value = match null {
            true => Value::Null,
            false => typed(&name, text(row.try_get_unchecked::<Vec<u8>, _>(i)?)),
        };
        fields.insert(column.name().to_owned(), value);
    }
    Ok(Value::Object(fields))
}

/// A value of MySQL that came as text.
fn typed(name: &str, text: String) -> Value {
    let number = ["INT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "JSON"]
        .iter()
        .any(|kind| name.contains(kind));
    match serde_json::from_str(&text) {
        Ok(value) if number => value,
        _ => Value::String(text),
    }
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
