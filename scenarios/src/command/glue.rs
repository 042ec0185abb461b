//! `shakedown steps --format cucumber`: the language as step definitions that nobody runs, for Cucumber's language server.
//!
//! The server reads definitions in several programming languages. These are in JavaScript, which it finds in `features/`
//! without being told.

use crate::language;

/// Prints a file that defines each kind of name, and each phrase.
pub fn glue() -> u8 {
    say!("// What steps of shakedown look like, for editors: nobody runs this file.");
    say!("// Made by `shakedown steps --format cucumber`.");
    say!();
    for (name, regex) in language::parameter_types() {
        say!(
            "defineParameterType({{ name: '{name}', regexp: /{}/ }})",
            regex.replace('/', "\\/")
        );
    }
    for (phrase, expressions) in language::expressions() {
        say!();
        say!("// {}: {}", phrase.pattern, phrase.meaning);
        say!("// for example: {}", phrase.example);
        for expression in expressions {
            say!("Given('{expression}', () => {{}})");
        }
    }
    let own = language::own_steps();
    if !own.is_empty() {
        say!();
        say!("// your own");
    }
    for (pattern, place) in own {
        say!("// {place}");
        say!("Given(/{}/, () => {{}})", pattern.replace('/', "\\/"));
    }
    0
}
