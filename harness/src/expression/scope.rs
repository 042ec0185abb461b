//! The variables that an expression can see.

use cel::objects::{Key, Map};
use cel::{Context, Env, ExecutionError, FunctionContext, Program, Value, extensions};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The function that asks whether an event has happened.
const HAPPENED: &str = "happened";
/// The hidden variable that it looks at; no CEL identifier can be called so.
const EVENTS: &str = "happened()";

thread_local! {
    /// Built-in functions and those on texts.
    static ENV: Arc<Env> = {
        let mut env = Env::stdlib();
        env.add_extension(extensions::strings).expect("the standard library has none of these");
        Arc::new(env)
    };
    /// All functions, made once: a fresh context for each evaluation costs 60 times as much.
    static ROOT: Context<'static, 'static> = {
        let mut root = Context::with_env(ENV.with(Arc::clone));
        root.add_function(HAPPENED, happened).expect("no other function is called so");
        root
    };
}

/// Whether there is a function of this name.
pub(super) fn is_function(name: &str) -> bool {
    // The library tells it by refusing to have two of one name.
    let mut context = Context::with_env(ENV.with(Arc::clone));
    name == HAPPENED || context.add_function(name, |any: bool| any).is_err()
}

/// Named values, and the events that have happened.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    variables: BTreeMap<String, Value>,
    events: Vec<Value>,
}

impl Scope {
    /// An empty scope.
    pub fn new() -> Scope {
        Scope::default()
    }

    /// Gives a variable a value. Whole numbers become CEL's `int`.
    pub fn set(&mut self, name: &str, value: &serde_json::Value) {
        self.variables.insert(name.to_owned(), from_json(value));
    }

    /// The value of a variable, if it has one.
    pub fn get(&self, name: &str) -> Option<serde_json::Value> {
        self.variables.get(name).and_then(to_json)
    }

    /// Gives a variable a value that is one of CEL's already.
    pub fn put(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), value);
    }

    /// Takes note of an event, so that `happened("name")` holds from now on.
    pub fn happened(&mut self, name: &str) {
        let name = Value::from(name);
        if !self.events.contains(&name) {
            self.events.push(name);
        }
    }

    /// Runs a program that reads these variables.
    pub(super) fn run(
        &self,
        program: &Program,
        variables: &[String],
    ) -> Result<Value, ExecutionError> {
        ROOT.with(|root| {
            let mut context = root.new_inner_scope();
            // Only what is read is handed over: a value that is not read may be large.
            for name in variables {
                if let Some(value) = self.variables.get(name) {
                    context.add_variable_from_value(name.clone(), value.clone());
                }
            }
            context.add_variable_from_value(EVENTS, self.events.clone());
            program.execute(&context)
        })
    }
}

fn happened(context: &FunctionContext, name: Arc<String>) -> Result<bool, ExecutionError> {
    let events = context
        .ptx
        .get_variable(EVENTS)
        .ok_or_else(|| context.error("no entity is in scope"))?;
    let Value::List(events) = Value::try_from(events.as_ref())? else {
        return Err(context.error("no entity is in scope"));
    };
    Ok(events.contains(&Value::String(name)))
}

pub(crate) fn from_json(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Value::Int(int),
            (None, Some(uint)) => Value::UInt(uint),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(from_json).collect())),
        Json::Object(fields) => {
            let fields = fields.iter();
            let map: HashMap<Key, Value> = fields
                .map(|(name, value)| (Key::from(name.as_str()), from_json(value)))
                .collect();
            Value::Map(Map { map: Arc::new(map) })
        }
    }
}

pub(crate) fn to_json(value: &Value) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::from(*truth),
        Value::Int(int) => Json::from(*int),
        Value::UInt(uint) => Json::from(*uint),
        Value::Float(float) => Json::from(*float),
        Value::String(text) => Json::from(text.as_str()),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(map) => {
            let fields = map.map.iter();
            Json::Object(
                fields
                    .map(|(key, value)| Some((key.to_string(), to_json(value)?)))
                    .collect::<Option<_>>()?,
            )
        }
        _ => return None,
    })
}
