//! The images of the stacks: here already, or to be had.

use super::{Finding, Level};
use crate::runtime::docker;
use crate::stack::{Build, Image, Stack};
use futures::StreamExt;
use std::collections::BTreeSet;

const ABOUT: &str = "images";
/// A registry is asked about so many images at once.
const AT_ONCE: usize = 8;

pub(super) async fn look(stacks: &[Stack]) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let images = stacks.iter().flat_map(|stack| {
        let images = stack.services.values().map(|service| &service.image);
        images.map(move |image| (stack, image))
    });
    let mut wanted = Vec::new();
    for (stack, image) in images {
        if let Image::Named {
            name,
            script,
            build,
        } = image
            && seen.insert(name)
        {
            wanted.push((stack, name, script, build));
        }
    }
    let looked = wanted
        .into_iter()
        .map(async |(stack, name, script, build)| {
            let from_files = script.is_none() && build.is_some();
            match docker::has_image(name).await {
                Err(why) => Some(Finding::bad(
                    Level::Failed,
                    ABOUT,
                    why,
                    "look at Docker's own log",
                )),
                Ok(true) if !from_files => None,
                Ok(_) => Some(match (script, build) {
                    (Some(script), _) => by_script(stack, name, script),
                    (None, Some(build)) => built(stack, name, build),
                    (None, None) => pulled(name, docker::in_registry(name).await),
                }),
            }
        });
    let looked: Vec<Option<Finding>> = futures::stream::iter(looked)
        .buffered(AT_ONCE)
        .collect()
        .await;
    let here = looked.iter().filter(|one| one.is_none()).count();
    let mut findings: Vec<Finding> = looked.into_iter().flatten().collect();
    if here > 0 {
        findings.push(Finding::fine(
            ABOUT,
            format!("{here} of {} are here", seen.len()),
        ));
    }
    findings
}

/// An image that a script of the stack makes.
fn by_script(stack: &Stack, name: &str, script: &[String]) -> Finding {
    let words = script.join(" ");
    let missing = stack.missing_in_script(script);
    let list = |all: &[String]| all.join("`, `");
    match (&missing.needed[..], &missing.named[..]) {
        ([], []) => Finding::fine(
            ABOUT,
            format!("`{name}` is made when it is needed, by `{words}`"),
        ),
        ([], named) => Finding::bad(
            Level::Warning,
            ABOUT,
            format!(
                "`{name}` is made by `{words}`, which names `{}`: not on the PATH",
                list(named)
            ),
            format!(
                "install it, or make the image once by hand in {}",
                stack.folder.display()
            ),
        ),
        (needed, _) => Finding::bad(
            Level::Failed,
            ABOUT,
            format!(
                "`{name}` is not here, and `{words}` cannot make it: `{}` is missing",
                list(needed)
            ),
            "correct `x-shakedown.image_script`, a command in the folder of the compose file, or install what is missing",
        ),
    }
}

/// An image that Docker's client builds.
fn built(stack: &Stack, name: &str, build: &Build) -> Finding {
    let file = stack.folder.join(&build.context).join(&build.dockerfile);
    let needed = stack.missing_in_script(&["docker".to_owned()]).needed;
    match (file.is_file(), &needed[..]) {
        (true, []) => Finding::fine(ABOUT, format!("`{name}` is built when it is needed")),
        (false, _) => Finding::bad(
            Level::Failed,
            ABOUT,
            format!(
                "`{name}` cannot be built: {} does not exist",
                file.display()
            ),
            "correct `build` in the compose file",
        ),
        (true, _) => Finding::bad(
            Level::Failed,
            ABOUT,
            format!("`{name}` cannot be built: `docker` is not on the PATH"),
            "install Docker's client (on Debian: `docker-cli` or `docker.io`)",
        ),
    }
}

fn pulled(name: &str, found: Result<(), String>) -> Finding {
    match found {
        Ok(()) => Finding::fine(ABOUT, format!("`{name}` is pulled when it is needed")),
        Err(why) => Finding::bad(
            Level::Failed,
            ABOUT,
            format!("`{name}` is not here, and its registry does not offer it: {why}"),
            format!(
                "check the name and `docker login`; `docker pull {name}` shows more, and `x-shakedown: {{image_script: [..]}}` \
                     makes an image where there is no registry"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_nobody_can_make_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("compose.yaml", "services: {a: {build: .}}\n");
        write("shakedown.yaml", "stack: s\ncompose: compose.yaml\n");
        write(
            "make.sh",
            "#!/bin/sh\ndebootstrap-of-nobody x\nskopeo-of-nobody\n",
        );
        let stack = Stack::read(&folder.path().join("shakedown.yaml"))
            .unwrap()
            .stack;
        let Image::Named {
            name,
            build: Some(build),
            ..
        } = &stack.services["a"].image
        else {
            panic!("it is built");
        };
        let told = built(&stack, name, build);
        assert_eq!(told.level, Level::Failed);
        assert!(told.what.contains("Dockerfile does not exist"), "{told:?}");
        write("Dockerfile", "FROM scratch\n");
        assert!(!built(&stack, name, build).what.contains("does not exist"));
        let script = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            by_script(&stack, "x:1", &words)
        };
        assert_eq!(script(&["sh", "make.sh", "x"]).level, Level::Fine);
        assert_eq!(script(&["sh", "nowhere.sh", "x"]).level, Level::Failed);
        assert_eq!(
            script(&["./make.sh"]).level,
            Level::Failed,
            "it is not executable"
        );
        assert_eq!(script(&["nobody-has-this"]).level, Level::Failed);
        assert_eq!(
            pulled("x:1", Err("no such host".to_owned())).level,
            Level::Failed
        );
    }
}
