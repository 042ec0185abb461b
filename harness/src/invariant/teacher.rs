//! A rule that learns from the answer of a call, and whose a call is that has none.

use super::unanswered::Call;
use crate::entity::Kind;
use crate::expression::{Expression, Scope};
use crate::stack::{Evidence, Learn, as_id};
use serde_json::json;

/// What a path caught, as rules read it: all that is known of a call before its answer.
const PATH: &str = "path";
/// What rules read of an answer.
const RESPONSE: &str = "response";

/// A rule that learns from the answer of a call.
#[derive(Clone)]
pub(super) struct Teacher {
    /// The name of the call.
    pub call: String,
    /// Which entity it is about; `None`: the one in the call's path.
    id: Option<Expression>,
    /// The fields and events that it tells.
    pub fields: Vec<String>,
    pub events: Vec<String>,
}

/// Which entity a call is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Whose {
    /// The one with this id.
    One(String),
    /// The request's body or the answer would say.
    Anyones,
    Nobodys,
}

impl Teacher {
    /// `None`: it does not learn from the answer of a call.
    pub fn new(rule: &Learn) -> Option<Teacher> {
        let Evidence::Call(call) = &rule.evidence else {
            return None;
        };
        (!rule.reads_seen()).then(|| Teacher {
            call: call.clone(),
            id: rule.id.clone(),
            fields: rule.set.keys().cloned().collect(),
            events: rule.events().map(str::to_owned).collect(),
        })
    }

    /// Which entity of a kind a call is about that was not answered.
    pub fn whose(&self, call: &Call, kind: &Kind) -> Whose {
        let Some(id) = &self.id else {
            let own = call.captures.get(&kind.entity().name);
            return own.map_or(Whose::Nobodys, |id| Whose::One(id.clone()));
        };
        if !id.variables().iter().all(|name| name == PATH) {
            // A long poll is always under way.
            let tells_itself = id.reads(RESPONSE) && !call.over;
            return match tells_itself {
                true => Whose::Nobodys,
                false => Whose::Anyones,
            };
        }
        let mut scope = Scope::new();
        scope.set(PATH, &json!(call.caught));
        match id.value(&scope).map(as_id) {
            Ok(Ok(id)) => Whose::One(kind.id(&id).to_owned()),
            _ => Whose::Nobodys,
        }
    }
}
