//! What a stack is given to do.

use crate::expression::Expression;
use crate::problem::Place;
use indexmap::IndexMap;

/// A way to give the stack something to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The method.
    pub method: String,
    /// The URL, with a service's name as host. `${n}` is the number of the request, from 1;
    /// `${random}` sixteen hexadecimal digits from the seed; `${NAME}` a variable of the services or of this program.
    pub url: String,
    /// The JSON body, with the same placeholders in its strings.
    pub body: Option<serde_json::Value>,
    /// The entities that an answer creates, and their ids. Variables: `response`.
    pub creates: IndexMap<String, Expression>,
}
