//! Where the images come from: this very executable, a script of the stack, its Dockerfile, or a registry.

use super::super::output::Output;
use super::super::process::LABEL;
use super::super::{Failure, RunFolder};
use super::own;
use crate::address::chain;
use crate::secret::Secrets;
use crate::stack::{Build, Image, Stack};
use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures::StreamExt;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::{Mutex, oneshot, watch};

/// How long making or pulling one image may take.
const MADE_WITHIN: Duration = Duration::from_secs(15 * 60);
/// The run folder for what making images writes; its temporary files go when the run ends.
const FOLDER: &str = "images";

/// Makes images, one at a time and each at most once.
pub(super) struct Images {
    docker: Docker,
    folder: RunFolder,
    run: String,
}

/// The images that could not be made. Trying again for every scenario would take as long each time.
static FAILED: Mutex<Option<HashMap<String, Failure>>> = Mutex::const_new(None);

/// The images that this invocation has made. One that is built from files is built again in each invocation, because the
/// files may have changed since; where they have not, Docker's cache makes that quick.
static BUILT: Mutex<BTreeSet<String>> = Mutex::const_new(BTreeSet::new());

/// What was made, and what could not be, counts no longer.
pub(super) async fn forget() {
    FAILED.lock().await.take();
    BUILT.lock().await.clear();
}

/// Hears of everything that takes long.
pub type Say<'s> = &'s (dyn Fn(&str) + Sync);

impl Images {
    /// For one run, whose folders are in `out`.
    pub fn new(docker: Docker, out: &Path, run: &str) -> Images {
        Images {
            docker,
            folder: RunFolder::new(out, FOLDER),
            run: run.to_owned(),
        }
    }

    /// Makes what is missing for a stack.
    ///
    /// # Errors
    /// The first image that cannot be had.
    pub async fn make_all(&self, stack: &Stack, say: Say<'_>) -> Result<(), Failure> {
        self.own(say).await?;
        for service in stack.services.values() {
            self.make(&service.image, &service.name, stack, say).await?;
        }
        Ok(())
    }

    /// The name of the image that holds this executable; made if it is missing.
    ///
    /// # Errors
    /// This executable cannot run in a container, or the daemon refuses it.
    pub async fn own(&self, say: Say<'_>) -> Result<String, Failure> {
        let mut failed = FAILED.lock().await;
        let known = failed.get_or_insert_default();
        remember(known, own::NAME, own::make(&self.docker, say).await)
    }

    /// The name of an image; made if it is missing.
    ///
    /// # Errors
    /// It is not here and cannot be had.
    pub async fn make(
        &self,
        image: &Image,
        service: &str,
        stack: &Stack,
        say: Say<'_>,
    ) -> Result<String, Failure> {
        let Image::Named {
            name,
            script,
            build,
        } = image
        else {
            return self.own(say).await;
        };
        let mut failed = FAILED.lock().await;
        let known = failed.get_or_insert_default();
        if let Some(failure) = known.get(name) {
            return Err(failure.clone());
        }
        let made = async {
            let from_files = build.is_some() && script.is_none();
            let as_it_is = !from_files || BUILT.lock().await.contains(name);
            if as_it_is && present(&self.docker, name).await? {
                return Ok(name.clone());
            }
            match (script, build) {
                (Some(script), _) => self.command(name, script, stack, say).await?,
                (None, Some(build)) => self.build(name, build, stack, say).await?,
                (None, None) => self.pull(name, say).await?,
            }
            if present(&self.docker, name).await? {
                BUILT.lock().await.insert(name.clone());
                return Ok(name.clone());
            }
            Err(Failure::new(format!(
                "the image `{name}` is still missing after it was made"
            )))
        };
        let made = made.await.map_err(|failure| Failure {
            service: Some(service.to_owned()),
            ..failure
        });
        remember(known, name, made)
    }

    /// Docker's own client builds: it knows `.dockerignore`, caches and BuildKit.
    async fn build(
        &self,
        name: &str,
        build: &Build,
        stack: &Stack,
        say: Say<'_>,
    ) -> Result<(), Failure> {
        let context = stack.folder.join(&build.context);
        let dockerfile = context.join(&build.dockerfile);
        let (context, dockerfile) = (context.to_string_lossy(), dockerfile.to_string_lossy());
        let words = ["docker", "build", "--tag", name, "--file", &dockerfile];
        let mut words = words.map(str::to_owned).to_vec();
        for (name, value) in &build.args {
            words.extend(["--build-arg".to_owned(), format!("{name}={value}")]);
        }
        if let Some(target) = &build.target {
            words.extend(["--target".to_owned(), target.clone()]);
        }
        words.push(context.into_owned());
        self.command(name, &words, stack, say).await
    }

    /// Runs a command that makes an image; what it says goes to a log.
    async fn command(
        &self,
        name: &str,
        words: &[String],
        stack: &Stack,
        say: Say<'_>,
    ) -> Result<(), Failure> {
        let file = name.replace(['/', ':'], "-");
        let secrets = Arc::new(Secrets::of(stack));
        let own = self.folder.clone().without(secrets.clone());
        let log = own.log(&file);
        let unwritable = |e| Failure::new(format!("cannot write {}: {e}", log.display()));
        own.make().map_err(unwritable)?;
        // It is made at most once in a run, and what an earlier one has left here is not its own.
        let _ = std::fs::remove_file(&log);
        let output = own
            .log_writer(&file)
            .and_then(Output::new)
            .map_err(unwritable)?;
        let shown = secrets.text(&words.join(" "));
        say(&format!(
            "making the image `{name}` with `{shown}` (log: {})",
            log.display()
        ));
        let Some((program, arguments)) = words.split_first() else {
            return Err(Failure::new(format!(
                "nothing says how to make the image `{name}`"
            )));
        };
        let failed = |why: String| Failure {
            last: Some(own.tail(&file)).filter(|tail| !tail.is_empty()),
            help: Some(format!(
                "run it by hand in {}: {shown}",
                stack.folder.display()
            )),
            ..Failure::new(format!("the image `{name}` could not be made: {why}"))
        };
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&stack.folder)
            .env(LABEL, &self.run)
            .env("TMPDIR", self.folder.data())
            .stdin(Stdio::null())
            .stdout(output.stdout)
            .stderr(output.stderr)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(format!("cannot start `{program}`: {e}")))?;
        let (ended, dead) = watch::channel(false);
        let (told, all_told) = oneshot::channel();
        let logged = tokio::spawn(output.reader.copy(dead, told, |_| ()));
        let status = tokio::time::timeout(MADE_WITHIN, child.wait()).await;
        let _ = ended.send(true);
        let _ = all_told.await;
        logged.abort();
        match status {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(failed(status.to_string())),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!(
                "it took more than {} s",
                MADE_WITHIN.as_secs()
            ))),
        }
    }

    async fn pull(&self, name: &str, say: Say<'_>) -> Result<(), Failure> {
        say(&format!("pulling the image `{name}`"));
        let options = CreateImageOptionsBuilder::new().from_image(&tagged(name));
        let mut pulled = self.docker.create_image(Some(options.build()), None, None);
        let last = async {
            while let Some(step) = pulled.next().await {
                step?;
            }
            Ok::<(), Error>(())
        };
        let why = match tokio::time::timeout(MADE_WITHIN, last).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => chain(&error),
            Err(_) => format!("it took more than {} s", MADE_WITHIN.as_secs()),
        };
        Err(Failure {
            help: Some(format!(
                "check its name and that you are logged in; `docker pull {name}` shows more, and \
                 `x-shakedown: {{image_script: [...]}}` makes an image where there is no registry"
            )),
            ..Failure::new(format!(
                "the image `{name}` is not here and could not be pulled: {why}"
            ))
        })
    }
}

fn remember(
    known: &mut HashMap<String, Failure>,
    name: &str,
    made: Result<String, Failure>,
) -> Result<String, Failure> {
    if let Err(failure) = &made {
        known.insert(name.to_owned(), failure.clone());
    }
    made
}

/// Whether the daemon has an image.
pub(super) async fn present(docker: &Docker, name: &str) -> Result<bool, Failure> {
    match docker.inspect_image(name).await {
        Ok(_) => Ok(true),
        Err(Error::DockerResponseServerError {
            status_code: 404, ..
        }) => Ok(false),
        Err(error) => Err(Failure::new(format!(
            "cannot look for the image `{name}`: {}",
            chain(&error)
        ))),
    }
}

/// Without a tag all tags would be pulled.
fn tagged(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.contains([':', '@']) {
        true => name.to_owned(),
        false => format!("{name}:latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::tagged;

    #[test]
    fn an_image_without_a_tag_is_the_latest() {
        let cases = [
            ("redis", "redis:latest"),
            ("redis:7", "redis:7"),
            ("host:5000/redis", "host:5000/redis:latest"),
            ("host:5000/redis:7", "host:5000/redis:7"),
            ("redis@sha256:0123", "redis@sha256:0123"),
        ];
        for (name, expected) in cases {
            assert_eq!(tagged(name), expected);
        }
    }
}
