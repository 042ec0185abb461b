//! Programs of local processes that are not there.

use super::{Process, Service, Stack};
use crate::problem::Problem;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The program that is this very executable, wherever it lies.
const OWN: &str = "shakedown";

impl Stack {
    /// A warning for each service whose program, as a local process, could not be started now.
    pub fn missing_programs(&self) -> Vec<Problem> {
        let services = self.services.values();
        services
            .filter_map(|one| missing(one, &self.folder))
            .collect()
    }
}

/// What a script needs that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingTools {
    /// Without these it cannot begin: its program, or the file that the program is to read.
    pub needed: Vec<String>,
    /// Tools that the file names and that are not on the PATH. It may do without.
    pub named: Vec<String>,
}

/// Programs that read a script.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "python3", "python"];
/// Tools that make images, and those that fetch what goes into them.
const TOOLS: [&str; 12] = [
    "docker",
    "podman",
    "buildah",
    "skopeo",
    "debootstrap",
    "ko",
    "nix-build",
    "bazel",
    "make",
    "curl",
    "wget",
    "git",
];

impl Stack {
    /// What is missing for a command that is run in the folder of the stack.
    pub fn missing_in_script(&self, words: &[String]) -> MissingTools {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let there = |program: &str| {
            places(program, &path, &self.folder)
                .iter()
                .any(|place| runs(place))
        };
        let mut missing = MissingTools::default();
        let Some((program, arguments)) = words.split_first() else {
            return missing;
        };
        if !there(program) {
            missing.needed.push(program.clone());
        }
        let name = program.rsplit('/').next().unwrap_or(program);
        let file = match (SHELLS.contains(&name), program.contains('/')) {
            (true, _) => arguments.first().filter(|word| !word.starts_with('-')),
            (false, true) => Some(program),
            (false, false) => None,
        };
        let Some(file) = file else {
            return missing;
        };
        match std::fs::read_to_string(self.folder.join(file)) {
            Err(_) if !self.folder.join(file).is_file() => missing.needed.push(file.clone()),
            // A program that is no text names nothing that could be found.
            Err(_) => {}
            Ok(text) => {
                let words = || text.split(|c: char| !(c.is_alphanumeric() || "-_./".contains(c)));
                let named = TOOLS
                    .iter()
                    .filter(|tool| words().any(|word| word == **tool) && !there(tool));
                missing.named.extend(named.map(|tool| (*tool).to_owned()));
            }
        }
        missing.needed.dedup();
        missing
    }
}

fn missing(service: &Service, folder: &Path) -> Option<Problem> {
    let process = service.process.as_ref()?;
    let program = process.command.first().filter(|name| *name != OWN)?;
    let places = places(program, &path(service, process), folder);
    // What is only known in a run is not looked for.
    if places
        .iter()
        .any(|place| runs(place) || place.to_string_lossy().contains("${"))
    {
        return None;
    }
    let what = match places.iter().any(|place| place.is_file()) {
        true => "is not executable",
        false if program.contains('/') => "does not exist",
        false => "is not on the PATH",
    };
    let what = format!(
        "as a local process, `{}` cannot be started: `{program}` {what}",
        service.name
    );
    let help = "`x-shakedown.process` names a program on the PATH, or a path from the folder of the compose file";
    Some(Problem::at(&service.place, what).help(help))
}

/// The PATH that the process gets: its own, that of its service, or the one of the harness.
fn path(service: &Service, process: &Process) -> OsString {
    let own = process.environment.get("PATH");
    let told = own.or_else(|| service.environment.get("PATH"));
    let inherited = || std::env::var_os("PATH").unwrap_or_default();
    told.map_or_else(inherited, |path| path.into())
}

/// Where a program may lie; a relative place starts in the folder.
fn places(program: &str, path: &OsString, folder: &Path) -> Vec<PathBuf> {
    match program.contains('/') {
        true => vec![folder.join(program)],
        false => std::env::split_paths(path)
            .map(|place| folder.join(place).join(program))
            .collect(),
    }
}

fn runs(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use crate::stack::Stack;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, mode: u32, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        };
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        write("bin/orders", 0o755, "");
        write("readme", 0o644, "");
        write("shakedown.yaml", 0o644, "stack: s\ncompose: compose.yaml\n");
        let told = |process: &str| {
            let compose =
                format!("services:\n  s:\n    image: x\n    x-shakedown: {{process: {process}}}\n");
            write("compose.yaml", 0o644, &compose);
            let stack = Stack::read(&folder.path().join("shakedown.yaml"))
                .unwrap()
                .stack;
            let told = stack.missing_programs();
            told.iter()
                .map(|one| one.what.clone())
                .collect::<Vec<_>>()
                .join("\n")
        };
        let cannot = "as a local process, `s` cannot be started: ";
        for (process, why) in [
            ("[./bin/order]", "`./bin/order` does not exist"),
            ("[/nowhere/orders]", "`/nowhere/orders` does not exist"),
            ("[./readme]", "`./readme` is not executable"),
            ("[./bin]", "`./bin` does not exist"),
            ("[orders]", "`orders` is not on the PATH"),
            (
                "{command: [sh], environment: {PATH: bin}}",
                "`sh` is not on the PATH",
            ),
        ] {
            assert_eq!(told(process), format!("{cannot}{why}"), "{process}");
        }
        for process in [
            "[./bin/orders]",
            "[sh]",
            "[shakedown]",
            "none",
            "{command: [orders], environment: {PATH: \"/bin:bin\"}}",
            "{command: [orders], environment: {PATH: \"${SHAKEDOWN_DATA}/bin\"}}",
        ] {
            assert_eq!(told(process), "", "{process}");
        }
    }
}
