//! Texts with expressions in them: `http://${after.request.body.host}:8000/score`.

use crate::expression::{Expression, FUNCTIONS, Scope};
use crate::problem::suggest;
use serde_json::{Map, Value};

/// A text in which each `${...}` is an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Value(Expression),
}

impl Template {
    /// Reads one.
    ///
    /// # Errors
    /// In words: a `${` has no end, or what it encloses is no expression, or calls a function that does not exist.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find("${") {
            let inner = &rest[at + 2..];
            let end = end(inner).ok_or_else(|| format!("a `${{` in `{text}` has no `}}`"))?;
            let expression = Expression::parse(&inner[..end])
                .map_err(|why| format!("`{}` is no expression: {why}", &inner[..end]))?;
            if let Some(unknown) = expression.unknown_functions().first() {
                let help = suggest(unknown, FUNCTIONS);
                return Err(format!("unknown function `{unknown}` in `{text}`: {help}"));
            }
            pieces.push(Piece::Text(rest[..at].to_owned()));
            pieces.push(Piece::Value(expression));
            rest = &inner[end + 1..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        let text = text.to_owned();
        Ok(Template { text, pieces })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says whatever the expressions in it are: the text before the first of them.
    pub fn beginning(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The text with something in the place of each expression.
    pub fn with(&self, other: &str) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Value(_) => other,
        });
        pieces.collect()
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(expression) => Some(expression),
        })
    }

    /// The text with the values of its expressions.
    ///
    /// # Errors
    /// In words: something that it reads is not there.
    pub fn fill(&self, scope: &Scope) -> Result<String, String> {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Value(expression) => Ok(match expression.value(scope)? {
                Value::String(text) => text,
                other => other.to_string(),
            }),
        });
        pieces.collect()
    }

    /// The same as JSON: a template that is one expression and nothing else is its value, of whatever kind that is.
    fn value(&self, scope: &Scope) -> Result<Value, String> {
        match &self.pieces[..] {
            [Piece::Value(expression)] => expression.value(scope),
            _ => self.fill(scope).map(Value::String),
        }
    }
}

/// Where the expression ends that the text begins with: at the first brace that closes none of its own.
fn end(text: &str) -> Option<usize> {
    let (mut open, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(of)) => quote = Some(of).filter(|of| *of != c),
            ('"' | '\'', None) => quote = Some(c),
            ('{', None) => open += 1,
            ('}', None) if open == 0 => return Some(at),
            ('}', None) => open -= 1,
            _ => {}
        }
    }
    None
}

/// A JSON value whose texts are templates.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A text.
    Text(Template),
    /// A list.
    List(Vec<Body>),
    /// A map.
    Map(Vec<(String, Body)>),
    /// What has no text in it.
    Plain(Value),
}

impl Body {
    /// Reads one.
    ///
    /// # Errors
    /// In words, of the first text that is no template.
    pub fn parse(value: &Value) -> Result<Body, String> {
        Ok(match value {
            Value::String(text) => Body::Text(Template::parse(text)?),
            Value::Array(items) => {
                Body::List(items.iter().map(Body::parse).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                let read = fields.map(|(name, value)| Ok((name.clone(), Body::parse(value)?)));
                Body::Map(read.collect::<Result<_, String>>()?)
            }
            other => Body::Plain(other.clone()),
        })
    }

    /// The expressions in it.
    pub fn expressions(&self) -> Vec<&Expression> {
        match self {
            Body::Text(template) => template.expressions().collect(),
            Body::List(items) => items.iter().flat_map(Body::expressions).collect(),
            Body::Map(fields) => fields
                .iter()
                .flat_map(|(_, one)| one.expressions())
                .collect(),
            Body::Plain(_) => Vec::new(),
        }
    }

    /// The value with those of its expressions.
    ///
    /// # Errors
    /// In words: something that it reads is not there.
    pub fn fill(&self, scope: &Scope) -> Result<Value, String> {
        Ok(match self {
            Body::Text(template) => template.value(scope)?,
            Body::List(items) => {
                let items = items.iter().map(|item| item.fill(scope));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Body::Map(fields) => {
                let fields = fields.iter();
                let filled = fields.map(|(name, field)| Ok((name.clone(), field.fill(scope)?)));
                Value::Object(filled.collect::<Result<Map<_, _>, String>>()?)
            }
            Body::Plain(value) => value.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope() -> Scope {
        let mut scope = Scope::new();
        scope.set("after", &json!({"host": "scorer", "version": 2}));
        scope
    }

    #[test]
    fn expressions_are_filled_in_wherever_they_stand() {
        for (text, expected) in [
            (
                "http://${after.host}:8000/score",
                "http://scorer:8000/score",
            ),
            ("${after.host}-${after.version}", "scorer-2"),
            ("${after.version}", "2"),
            ("plain $5 {x}", "plain $5 {x}"),
            ("${{'}': after.host}['}']}!", "scorer!"),
            ("", ""),
        ] {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.fill(&scope()).unwrap(), expected, "{text}");
            assert_eq!(template.text(), text);
        }
        let template = Template::parse("http://${after.hots}/").unwrap();
        assert_eq!(template.beginning(), "http://");
        assert_eq!(template.with("x"), "http://x/");
        assert!(template.fill(&scope()).unwrap_err().contains("hots"));
    }

    #[test]
    fn a_text_that_is_one_expression_is_its_value() {
        let body = json!({"version": "${after.version}", "to": ["v${after.version}", 1, null]});
        let filled = Body::parse(&body).unwrap().fill(&scope()).unwrap();
        assert_eq!(filled, json!({"version": 2, "to": ["v2", 1, null]}));
    }

    #[test]
    fn what_has_no_end_or_is_no_expression_is_told() {
        assert!(Template::parse("a ${b").unwrap_err().contains("has no `}`"));
        assert!(Template::parse("${a +}").unwrap_err().contains("`a +`"));
        let unknown = Template::parse("a ${len(b)}").unwrap_err();
        assert!(
            unknown.contains("unknown function `len` in `a ${len(b)}`"),
            "{unknown}"
        );
    }
}
