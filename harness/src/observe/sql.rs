//! `sql: select ...`: a query made again and again.

use super::database::Database;
use super::poll::sighting;
use super::{Look, Sighting};
use crate::address::chain;
use crate::expression::Scope;
use crate::stack::{Evidence, Learn};
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;

/// A query that takes longer counts as one that saw nothing.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Sql {
    rule: Learn,
    query: String,
    /// It says by `order by` which row is the last.
    in_order: bool,
    url: String,
    connection: Option<Database>,
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
            in_order: in_order(query),
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

/// Whether a query says in which order its rows come.
fn in_order(query: &str) -> bool {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    words.windows(2).any(|two| two == ["order", "by"])
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

    fn in_order(&self) -> bool {
        self.in_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_sorts_its_rows_is_known() {
        assert!(in_order("SELECT a FROM t ORDER\n  BY id"));
        assert!(!in_order("select order_by from t"));
    }
}
