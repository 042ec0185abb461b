//! Workflow commands of GitHub Actions: an annotation on the line of the feature file for each scenario that did not
//! hold.

use super::results::{Results, headline, name};
use super::summary::no_witness;
use std::fmt::Write;
use std::path::Path;

/// The lines that a runner turns into annotations, the worst first. `workspace` is the folder of the repository, from
/// which paths are told.
pub fn annotations(results: &Results<'_>, workspace: Option<&Path>) -> String {
    let mut text = String::new();
    for one in results.failed() {
        let place = &one.job.plan.place;
        let title = format!("{}: {}", one.verdict, name(one));
        let message = format!("{}\n{}", headline(one), results.story(one));
        let _ = writeln!(
            text,
            "::error file={},line={},title={}::{}",
            property(&in_workspace(&place.file, workspace)),
            place.line,
            property(&title),
            data(message.trim_end())
        );
    }
    for (stack, names) in results.unwitnessed() {
        for invariant in names {
            let title = format!("inconclusive: `{invariant}`");
            let message = no_witness(results.played, stack, invariant);
            let _ = writeln!(
                text,
                "::error title={}::{}",
                property(&title),
                data(&message)
            );
        }
    }
    for mutant in results.mutants.iter().filter(|mutant| !mutant.killed()) {
        let title = format!(
            "planted bug not killed: {} of {}",
            mutant.name, mutant.stack
        );
        let why = mutant.reason.as_deref().unwrap_or_default();
        let _ = writeln!(text, "::error title={}::{}", property(&title), data(why));
    }
    text
}

/// The path from the folder of the repository.
fn in_workspace(file: &Path, workspace: Option<&Path>) -> String {
    let full = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let inside = workspace.and_then(|workspace| full.strip_prefix(workspace).ok());
    inside.unwrap_or(file).display().to_string()
}

/// A command's message.
fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25");
    escaped.replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_value_is_escaped() {
        assert_eq!(data("50%: a\r\nb"), "50%25: a%0D%0Ab");
        assert_eq!(property("50%: a,\nb"), "50%25%3A a%2C%0Ab");
    }

    #[test]
    fn a_path_is_told_from_the_folder_of_the_repository() {
        let file = Path::new("/w/repo/deep/a.feature");
        assert_eq!(
            in_workspace(file, Some(Path::new("/w/repo"))),
            "deep/a.feature"
        );
        assert_eq!(
            in_workspace(file, Some(Path::new("/else"))),
            "/w/repo/deep/a.feature"
        );
        assert_eq!(in_workspace(Path::new("a.feature"), None), "a.feature");
    }
}
