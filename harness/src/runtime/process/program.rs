//! A service's program, and what it is told.

use super::{INSTANCE, LABEL, ProcessRuntime};
use crate::host::{self, Bare};
use crate::runtime::family;
use crate::runtime::output::{Output, Reader};
use crate::runtime::{Failure, OWN_EXECUTABLE, OWN_NAME};
use crate::stack::{Process, Service, Stack};
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::process::Stdio;
use tokio::process::{Child, Command as Program};

/// What a process inherits from the harness's own environment.
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "TMPDIR", "USER", "SSL_CERT_FILE"];

impl ProcessRuntime {
    /// What an instance of `client` is told, with names turned into addresses.
    pub(super) fn rewrite(&self, client: &str, number: usize, text: &str, bare: Bare) -> String {
        let data = self.folder.data();
        let text = text.replace("${SHAKEDOWN_DATA}", &data.to_string_lossy());
        let disk = self.folder.disk(client);
        let text = text.replace("${SHAKEDOWN_DISK}", &disk.to_string_lossy());
        host::rewrite(&text, bare, |host| {
            let named = self.stack.host(client, host);
            let own = named == Some(client) || host == "0.0.0.0";
            let address = if own {
                self.block.real(client, number)
            } else {
                self.sees(client, number, named?)
            };
            address.map(|address| address.to_string())
        })
    }

    fn program(&self, service: &Service, number: usize) -> Result<Program, Failure> {
        let Some(process) = &service.process else {
            let what = format!(
                "`{}` does not say how it runs as a local process",
                service.name
            );
            return Err(Failure::new(what));
        };
        let name = process.command.first();
        let name = name.expect("an absent service is not started");
        let mut program = match name.as_str() {
            OWN_NAME => Program::new(OWN_EXECUTABLE),
            other => Program::new(other),
        };
        program.arg0(name);
        let told = |text: &str, bare| self.rewrite(&service.name, number, text, bare);
        program.args(process.arguments().map(|(text, bare)| told(text, bare)));
        program.current_dir(&self.stack.folder).env_clear();
        program.envs(
            INHERITED
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        for (name, value) in service.environment.iter().chain(&process.environment) {
            program.env(name, told(value, Bare::in_variable(name)));
        }
        program
            .env(LABEL, &self.run)
            .env("SHAKEDOWN_DATA", self.folder.data());
        if service.disk.is_some() {
            program.env("SHAKEDOWN_DISK", self.folder.disk(&service.name));
            if let Ok(disks) = &self.disks {
                let entered = disks.enter(&mut program, &self.stack.folder);
                entered.map_err(|e| Failure::new(format!("no way to the disks: {e}")))?;
            }
        }
        Ok(program)
    }

    /// Starts a program, as one instance of its service. Gives what it writes as well.
    pub(super) fn spawn(
        &self,
        service: &Service,
        number: usize,
        instance: &str,
    ) -> Result<(Child, Reader), Failure> {
        let failed = |what: String| Failure {
            service: Some(service.name.clone()),
            ..Failure::new(what)
        };
        let output = self.folder.log_writer(&service.name).and_then(Output::new);
        let output = output.map_err(|e| {
            let log = self.folder.log(&service.name);
            failed(format!("cannot write {}: {e}", log.display()))
        })?;
        let mut program = self.program(service, number)?;
        program
            .env(INSTANCE, instance)
            .stdin(Stdio::null())
            .stdout(output.stdout)
            .stderr(output.stderr)
            .process_group(0);
        // SAFETY: between fork and exec only two system calls are made, which allocate nothing.
        unsafe {
            // The signal follows the thread that spawns: a worker of the runtime, which lives as long as it does.
            program.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?));
            program.pre_exec(family::head);
        }
        let child = program.spawn().map_err(|e| Failure {
            help: Some(
                "check `x-shakedown.process`: the program must be on the PATH, or a path from the \
                        folder of the compose file"
                    .to_owned(),
            ),
            ..failed(format!(
                "service `{}`: cannot start `{}`: {e}",
                service.name,
                program.as_std().get_program().to_string_lossy()
            ))
        })?;
        Ok((child, output.reader))
    }
}

/// How programs say that an address which they want to have belongs to somebody else.
const IN_USE: [&str; 3] = [
    "Address already in use",
    "address already in use",
    "EADDRINUSE",
];

/// What to do where a service says that it could not listen: gateways have its port, at addresses of their own.
pub(super) fn listens_everywhere(service: &Service, log: &str) -> Option<String> {
    if !IN_USE.iter().any(|words| log.contains(words)) {
        return None;
    }
    let port = service.ports.keys().next().copied().unwrap_or(8000);
    Some(format!(
        "a local process must listen where its variable or argument says, not on all addresses, as gateways listen at the \
         same port: tell it where, such as by `environment: {{LISTEN: \"0.0.0.0:{port}\"}}` or `x-shakedown: {{process: \
         [program, --listen, \"0.0.0.0:{port}\"]}}`, in which 0.0.0.0 is rewritten to its own address in this run"
    ))
}

/// The services that a client is told of, in its arguments and its environment: those whose names
/// [`ProcessRuntime::rewrite`] turns into addresses.
pub(super) fn named(stack: &Stack, client: &Service) -> BTreeSet<String> {
    let process = client.process.as_ref();
    let arguments = process.into_iter().flat_map(Process::arguments);
    let own = process.into_iter().flat_map(|own| &own.environment);
    let variables = client.environment.iter().chain(own);
    let variables = variables.map(|(name, value)| (value.as_str(), Bare::in_variable(name)));
    let hosts = arguments
        .chain(variables)
        .flat_map(|(text, bare)| host::mentions(text, bare));
    hosts
        .filter_map(|(host, _)| Some(stack.host(&client.name, &host)?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::{CHECKER, OBSERVER, PROBER, WORKLOAD};
    use crate::runtime::RunFolder;
    use crate::runtime::listen::Front;
    use std::sync::Arc;

    const COMPOSE: &str = r#"
services:
  web:
    image: x
    expose: ["80"]
    environment: {DB: "postgres://me@db:5432/web", SELF: "http://web", MAIL_USER: mail}
    x-shakedown: {process: {command: [sh, --peer, "http://queue/", mail], environment: {OTHER: store}}}
  db: {image: x, expose: ["5432"], x-shakedown: {process: [sh, web is no host here]}}
  queue: {image: x, expose: ["80"], links: ["store:files"], x-shakedown: {process: [sh, "files:80"]}}
  mail: {image: x, expose: ["25"], networks: {default: {aliases: [post]}}, x-shakedown: {process: [sh]}}
  store: {image: x, expose: ["80"], x-shakedown: {process: [sh, --host, post]}}
"#;

    #[test]
    fn a_service_seems_to_be_where_somebody_is_told_that_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shakedown.yaml");
        std::fs::write(&file, "stack: s\ncompose: compose.yaml\n").unwrap();
        std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
        let stack = Arc::new(Stack::read(&file).unwrap().stack);
        let (notices, _) = tokio::sync::mpsc::unbounded_channel();
        let out = RunFolder::new(folder.path(), "run");
        let joined = BTreeSet::from(["web".to_owned()]);
        let runtime = ProcessRuntime::new(stack.clone(), out, "run", joined, notices).unwrap();
        let expected: [(&str, &[&str]); 5] = [
            ("web", &[]),
            ("db", &["web"]),
            ("queue", &["web"]),
            ("mail", &["store"]),
            ("store", &["web", "queue"]),
        ];
        for (service, clients) in expected {
            let fronts = runtime.fronts(service);
            let (second, seen): (Vec<_>, Vec<_>) =
                fronts.iter().partition(|one| one.instance.is_some());
            let names = |fronts: &[&Front]| -> Vec<String> {
                fronts.iter().filter_map(|one| one.client.clone()).collect()
            };
            let all = [&[WORKLOAD, OBSERVER, CHECKER, PROBER], clients].concat();
            assert_eq!(names(&seen), all, "{service}");
            // What a client is told is where somebody listens for it, and for its second instance by itself.
            let told = |client, number, fronts: &[&Front]| {
                let told = runtime.rewrite(client, number, &format!("{service}:80"), Bare::Word);
                let listens = fronts
                    .iter()
                    .any(|one| told == format!("{}:80", one.address));
                assert!(listens, "{client} is told {told} for {service}");
            };
            for client in clients {
                told(client, 0, &seen);
            }
            let joined = clients.contains(&"web");
            assert_eq!(names(&second), if joined { vec!["web"] } else { vec![] });
            if joined {
                told("web", 1, &second);
                assert_eq!(second[0].instance, runtime.block.real("web", 1));
            }
        }
    }
}
