//! The image that holds this very executable and nothing else. It needs no base and no registry.

use super::super::{Failure, OWN_EXECUTABLE, OWN_NAME};
use super::image::{Say, present};
use crate::address::chain;
use bollard::errors::Error;
use bollard::query_parameters::{
    CreateImageOptionsBuilder, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    RemoveImageOptionsBuilder,
};
use bollard::{Docker, body_full};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::OnceCell;

/// The image's name without its tag, and the executable's name in it.
pub(super) const NAME: &str = OWN_NAME;
/// The label by which older ones are found.
const LABEL: &str = "shakedown.own";
/// So many digits of the executable's digest make its tag.
const TAG_DIGITS: usize = 16;
/// Images of older executables go after this time, unless a container needs them.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// Whether this executable runs where there is no file but itself.
pub const STATIC: bool = cfg!(all(
    target_os = "linux",
    any(target_env = "musl", target_feature = "crt-static")
));

/// Gives the image's name; makes it when the daemon does not have it.
///
/// # Errors
/// This executable needs libraries, or the daemon refuses the image.
pub(super) async fn make(docker: &Docker, say: Say<'_>) -> Result<String, Failure> {
    if !STATIC {
        return Err(Failure {
            help: Some("build it for Linux with `-C target-feature=+crt-static`, or use `--runtime process`".to_owned()),
            ..Failure::new("this executable is not a static one for Linux, so it cannot run in a container")
        });
    }
    let name = name().await?;
    if !present(docker, &name).await? {
        say(&format!("making the image `{name}` from this executable"));
        import(docker, &name).await?;
        forget_old(docker, &name).await;
    }
    Ok(name)
}

async fn name() -> Result<String, Failure> {
    static TAG: OnceCell<String> = OnceCell::const_new();
    let digest = || async {
        let bytes = read().await?;
        let digest = tokio::task::spawn_blocking(move || Sha256::digest(&bytes));
        let digest = digest.await.map_err(|e| Failure::new(e.to_string()))?;
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok::<_, Failure>(digits[..TAG_DIGITS].to_owned())
    };
    Ok(format!("{NAME}:{}", TAG.get_or_try_init(digest).await?))
}

async fn read() -> Result<Vec<u8>, Failure> {
    let read = tokio::fs::read(OWN_EXECUTABLE).await;
    read.map_err(|e| Failure::new(format!("cannot read this executable: {e}")))
}

/// Makes an image of one layer with one file in it.
async fn import(docker: &Docker, name: &str) -> Result<(), Failure> {
    let failed = |why: String| Failure::new(format!("the image `{name}` could not be made: {why}"));
    let executable = read().await?;
    let mut header = tar::Header::new_gnu();
    header.set_size(executable.len() as u64);
    header.set_mode(0o755);
    header.set_cksum();
    let mut archive = tar::Builder::new(Vec::with_capacity(executable.len() + 4096));
    archive
        .append_data(&mut header, NAME, &executable[..])
        .map_err(|e| failed(e.to_string()))?;
    let archive = archive.into_inner().map_err(|e| failed(e.to_string()))?;
    let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
    let changes = vec![
        format!("ENTRYPOINT [\"/{NAME}\"]"),
        format!("LABEL {LABEL}=yes"),
    ];
    let options = CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(repository)
        .tag(tag)
        .changes(changes)
        .build();
    let mut steps = docker.create_image(Some(options), Some(body_full(archive.into())), None);
    while let Some(step) = steps.next().await {
        step.map_err(|e| failed(chain(&e)))?;
    }
    Ok(())
}

/// The images of other executables that no container uses, by their names.
///
/// # Errors
/// The daemon does not say.
pub(super) async fn others(docker: &Docker) -> Result<Vec<String>, Error> {
    let own = name().await.ok();
    let filters = HashMap::from([("label", vec![LABEL])]);
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    let images = docker.list_images(Some(options)).await?;
    let options = ListContainersOptionsBuilder::new().all(true).build();
    let containers = docker.list_containers(Some(options)).await?;
    let used: Vec<String> = containers
        .into_iter()
        .filter_map(|one| one.image_id)
        .collect();
    let unused = images.into_iter().filter(|image| !used.contains(&image.id));
    let tags = unused.flat_map(|image| image.repo_tags);
    Ok(tags.filter(|tag| Some(tag) != own.as_ref()).collect())
}

/// Every build of this executable has an image of its own; without this they would fill the disk.
async fn forget_old(docker: &Docker, name: &str) {
    let filters = HashMap::from([("label", vec![LABEL])]);
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    let Ok(images) = docker.list_images(Some(options)).await else {
        return;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let oldest = now.unwrap_or_default().saturating_sub(KEPT).as_secs() as i64;
    let old = images.iter().filter(|image| image.created < oldest);
    for tag in old
        .flat_map(|image| &image.repo_tags)
        .filter(|tag| *tag != name)
    {
        // One that a container needs is refused, and stays for the next time.
        let options = RemoveImageOptionsBuilder::new().build();
        let _ = docker.remove_image(tag, Some(options), None).await;
    }
}
