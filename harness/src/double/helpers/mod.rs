//! The helpers of templates, beside those of Handlebars itself.

mod lists;
mod numbers;
mod texts;
mod times;

use super::template::{Random, shown};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::sync::{MutexGuard, PoisonError};

/// What a helper is given.
struct Given<'h> {
    /// Its parameters; of a block, the text in it is the last one.
    values: Vec<Value>,
    helper: &'h Helper<'h>,
    random: &'h Random,
}

/// What a helper does: it gives a value.
type Deed = fn(&Given<'_>) -> Result<Value, String>;

/// The helpers of one file.
type Helpers = &'static [(&'static str, Deed)];

const ALL: [Helpers; 4] = [
    lists::HELPERS,
    numbers::HELPERS,
    texts::HELPERS,
    times::HELPERS,
];
/// Those that Handlebars has.
const BUILT_IN: [&str; 17] = [
    "if", "unless", "each", "with", "lookup", "raw", "log", "eq", "ne", "gt", "gte", "lt", "lte",
    "and", "or", "not", "len",
];

/// All names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let own = ALL.into_iter().flatten().map(|(name, _)| *name);
    own.chain(BUILT_IN)
}

/// Makes them known.
pub(super) fn register(registry: &mut Handlebars<'static>, random: &Random) {
    for (name, deed) in ALL.into_iter().flatten() {
        let (deed, random) = (*deed, random.clone());
        registry.register_helper(name, Box::new(ByValue { deed, random }));
    }
}

impl Given<'_> {
    /// A parameter.
    fn value(&self, i: usize) -> Value {
        self.values.get(i).cloned().unwrap_or_default()
    }

    /// A parameter as a text.
    fn text(&self, i: usize) -> String {
        self.values.get(i).map(shown).unwrap_or_default()
    }

    /// A parameter as a number.
    fn number(&self, i: usize) -> Result<f64, String> {
        number(&self.value(i))
    }

    /// A parameter with a name.
    fn named(&self, name: &str) -> Option<Value> {
        let found = self.helper.hash_get(name)?.value().clone();
        Some(found).filter(|value| !value.is_null())
    }

    /// A parameter with a name, as a text.
    fn named_text(&self, name: &str) -> Option<String> {
        self.named(name).as_ref().map(shown)
    }

    /// Whether a parameter with a name is true.
    fn is(&self, name: &str) -> bool {
        self.named_text(name).as_deref() == Some("true")
    }

    /// Where chance comes from.
    fn random(&self) -> MutexGuard<'_, ChaCha8Rng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(value: &Value) -> Result<f64, String> {
    let text = shown(value);
    text.trim()
        .parse()
        .map_err(|_| format!("`{text}` is no number"))
}

/// JSON that is a value, or a text with it.
fn json(value: Value) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            serde_json::from_str(&text).map_err(|error| format!("this is not JSON: {error}"))
        }
        other => Ok(other),
    }
}

/// A helper that gives a value, as an expression, in parentheses, or around a text.
struct ByValue {
    deed: Deed,
    random: Random,
}

impl ByValue {
    fn value(&self, helper: &Helper<'_>, inner: Option<String>) -> Result<Value, RenderError> {
        let parameters = helper.params().iter().map(|one| one.value().clone());
        let values = parameters.chain(inner.map(Value::from)).collect();
        let given = Given {
            values,
            helper,
            random: &self.random,
        };
        (self.deed)(&given).map_err(|what| {
            let what = format!("`{}`: {what}", helper.name());
            RenderErrorReason::Other(what).into()
        })
    }
}

impl HelperDef for ByValue {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        self.value(helper, None).map(ScopedJson::Derived)
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        data: &'rc Context,
        rendering: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let inner = helper.template();
        let inner = inner
            .map(|inner| inner.renders(registry, data, rendering))
            .transpose()?;
        let conditional = inner.clone().filter(|_| is_conditional(helper.name()));
        if let Some(text) = conditional {
            let other = helper
                .inverse()
                .map(|inner| inner.renders(registry, data, rendering))
                .transpose()?;
            let holds = self.value(helper, None)? == Value::Bool(true);
            out.write(&if holds {
                text
            } else {
                other.unwrap_or_default()
            })?;
            return Ok(());
        }
        let value = self.value(helper, inner)?;
        match variable(helper) {
            Some(name) => {
                let now = rendering.context();
                let mut all = now.map_or_else(|| data.data().clone(), |now| now.data().clone());
                if let Value::Object(all) = &mut all {
                    all.insert(name, value);
                }
                rendering.set_context(Context::from(all));
            }
            None => out.write(&shown(&value))?,
        }
        Ok(())
    }
}

/// Whether what stands in a block is shown only where the value is true.
fn is_conditional(name: &str) -> bool {
    ["contains", "matches", "neq"].contains(&name)
}

/// The variable that a helper sets instead of showing its value.
fn variable(helper: &Helper<'_>) -> Option<String> {
    let text = |i: usize| helper.param(i).map(|one| shown(one.value()));
    match (helper.name(), helper.is_block()) {
        ("assign", _) | ("parseJson", true) => text(0),
        ("parseJson", false) => text(1),
        ("val", _) => helper.hash_get("assign").map(|one| shown(one.value())),
        _ => None,
    }
}
