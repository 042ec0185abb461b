//! `shakedown steps`: the language, printed from the code.

use crate::language;

/// Prints every phrase with its meaning and an example.
pub fn steps() -> u8 {
    let mut family = "";
    for phrase in language::phrases() {
        if phrase.family != family {
            family = phrase.family;
            println!("\n{family}");
        }
        println!("  {}", phrase.pattern);
        println!("      {}", phrase.meaning);
        println!("      for example: {}", phrase.example);
    }
    0
}
