//! CEL, the one language for conditions and for picking values out of evidence.

use std::sync::Arc;

/// A compiled CEL expression that remembers its text. Cloning is cheap.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    program: Arc<cel::Program>,
}

impl Expression {
    /// Compiles `text`.
    ///
    /// # Errors
    /// Gives the parser's message on one line.
    pub fn parse(text: &str) -> Result<Expression, String> {
        let program = cel::Program::compile(text).map_err(|e| e.to_string().replace('\n', " "))?;
        Ok(Expression {
            text: text.into(),
            program: Arc::new(program),
        })
    }

    /// The text as the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The free variables that the expression reads, sorted.
    pub fn variables(&self) -> Vec<String> {
        let references = self.program.references();
        let mut names: Vec<String> = references
            .variables()
            .iter()
            .map(|s| s.to_string())
            .collect();
        names.sort();
        names
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expression({:?})", self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text == other.text
    }
}
