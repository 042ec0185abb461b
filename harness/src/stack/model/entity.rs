//! The things whose state is followed.

use crate::expression::Expression;
use crate::problem::Place;
use crate::stack::Learn;
use indexmap::IndexMap;
use serde_json::Value;

/// A kind of thing whose state is followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The field that holds its status, if it has one.
    pub status: Option<Status>,
    /// The declared moves from one status to others.
    pub moves: IndexMap<String, Vec<String>>,
    /// How evidence becomes observations.
    pub learn: Vec<Learn>,
    /// By field, or [`ID`] for the entity's own name: what some sources call it, and what it is called here.
    pub aliases: IndexMap<String, IndexMap<String, Alias>>,
}

/// The key of `aliases` that speaks of the entity's id.
pub const ID: &str = "id";

/// What another name stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// The name that counts.
    pub stands_for: String,
    /// Where that stands.
    pub place: Place,
}

/// The status field of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The field's name.
    pub field: String,
    /// The status it is created with.
    pub first: Option<String>,
    /// The statuses that end it.
    pub finals: Vec<String>,
}

impl Entity {
    /// Whether a move from one status to another is declared.
    pub fn declares(&self, from: &str, to: &str) -> bool {
        let declared = self.moves.get(from);
        declared.is_some_and(|all| all.iter().any(|one| one == to))
    }

    /// All statuses that it declares, sorted.
    pub fn statuses(&self) -> Vec<&str> {
        let moves = self.moves.iter();
        let status = self.status.iter();
        let mut statuses: Vec<&str> = moves
            .flat_map(|(from, to)| std::iter::once(from).chain(to))
            .chain(status.flat_map(|status| status.first.iter().chain(&status.finals)))
            .map(String::as_str)
            .collect();
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }

    /// The statuses to which moves lead from these, and these.
    pub fn reached<'s>(&'s self, mut from: Vec<&'s str>) -> Vec<&'s str> {
        let mut i = 0;
        while i < from.len() {
            for to in self.moves.get(from[i]).into_iter().flatten() {
                if !from.contains(&to.as_str()) {
                    from.push(to);
                }
            }
            i += 1;
        }
        from
    }

    /// What a value of a field stands for, if it is an alias. A number is taken by its digits.
    pub fn alias(&self, field: &str, value: &Value) -> Option<&str> {
        let aliases = self.aliases.get(field)?;
        let alias = match value {
            Value::String(text) => aliases.get(text),
            Value::Number(_) | Value::Bool(_) => aliases.get(&value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        alias.map(|alias| alias.stands_for.as_str())
    }

    /// The fields that it can have, sorted: its status, and what its rules set.
    pub fn fields(&self) -> Vec<&str> {
        let set = self.learn.iter().flat_map(|rule| rule.set.keys());
        let status = self.status.iter().map(|status| &status.field);
        let mut fields: Vec<&str> = set.chain(status).map(String::as_str).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// All values that a field can have, where rules give it nothing but constants.
    pub fn constants(&self, field: &str) -> Option<Vec<Value>> {
        let status = self.status.as_ref().filter(|status| status.field == field);
        let first = status.and_then(|status| status.first.clone());
        let set = self.learn.iter().filter_map(|rule| rule.set.get(field));
        let set: Option<Vec<Value>> = set.map(Expression::constant).collect();
        let known = set.filter(|set| !set.is_empty() && !self.aliases.contains_key(field));
        Some(known?.into_iter().chain(first.map(Value::from)).collect())
    }

    /// The events that its rules tell of, in their order.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.learn.iter().flat_map(Learn::events)
    }
}
