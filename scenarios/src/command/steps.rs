//! `shakedown steps`: the language, printed from the code.

use crate::language;

/// Prints every phrase with its meaning and an example.
pub fn steps() -> u8 {
    let mut family = "";
    for phrase in language::phrases() {
        if phrase.family != family {
            let gap = if family.is_empty() { "" } else { "\n" };
            family = phrase.family;
            say!("{gap}{family}");
        }
        say!("  {}", phrase.pattern);
        say!("      {}", phrase.meaning);
        say!("      for example: {}", phrase.example);
    }
    say!("\nhow often, for whom, from when: behind any fault, in any order");
    for (form, meaning) in language::QUALIFIERS {
        say!("  {form}");
        say!("      {meaning}");
    }
    let own = language::own_steps();
    if !own.is_empty() {
        say!("\nyour own");
    }
    for (pattern, place) in own {
        say!("  {pattern}");
        say!("      {place}");
    }
    0
}
