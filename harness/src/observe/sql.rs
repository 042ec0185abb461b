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
