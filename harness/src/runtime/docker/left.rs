//! What earlier runs have left on the daemon.

use super::super::leftover::{Kind, Leftover};
use super::{daemon, own};
use crate::address::chain;
use crate::count;
use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, RemoveVolumeOptionsBuilder,
};
use std::collections::HashMap;

type Labels = HashMap<String, String>;

/// Everything on the daemon that bears the label of a run of this machine, or of any, and the images of other
/// executables. Says how much of other machines it has left out.
///
/// # Errors
/// No daemon answers, in words.
pub(in crate::runtime) async fn list(
    all_hosts: bool,
    notes: &mut Vec<String>,
) -> Result<Vec<Leftover>, String> {
    let docker = daemon::connect().await?;
    let labelled = labelled(&docker).await.map_err(|error| chain(&error))?;
    let (mut listed, mut elsewhere) = (Vec::new(), 0_usize);
    for (kind, name, labels) in labelled {
        let Some(run) = labels.get(daemon::RUN) else {
            continue;
        };
        let ours = labels.get(daemon::HOST) == Some(&daemon::host());
        match ours || all_hosts {
            true => listed.push(Leftover {
                kind,
                name,
                run: Some(run.clone()),
            }),
            false => elsewhere += 1,
        }
    }
    if elsewhere > 0 {
        notes.push(format!(
            "{} left alone, of runs of other machines or of older versions, which may still live: `--all-hosts` takes them too",
            count::were(elsewhere, "thing")
        ));
    }
    let images = own::others(&docker).await.map_err(|error| chain(&error))?;
    listed.extend(images.into_iter().map(|name| Leftover {
        kind: Kind::Image,
        name,
        run: None,
    }));
    Ok(listed)
}

/// All that bears the label of some run, with its name and labels.
async fn labelled(docker: &Docker) -> Result<Vec<(Kind, String, Labels)>, Error> {
    let label = HashMap::from([("label", vec![daemon::RUN])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&label);
    let containers = docker.list_containers(Some(options.build())).await?;
    let containers = containers.into_iter().map(|one| {
        let names = one.names.unwrap_or_default();
        let name = names
            .first()
            .map(|name| name.trim_start_matches('/').to_owned());
        let name = name.or(one.id).unwrap_or_default();
        (Kind::Container, name, one.labels.unwrap_or_default())
    });
    let options = ListNetworksOptionsBuilder::new().filters(&label).build();
    let networks = docker.list_networks(Some(options)).await?;
    let networks = networks.into_iter().map(|one| {
        let name = one.name.or(one.id).unwrap_or_default();
        (Kind::Network, name, one.labels.unwrap_or_default())
    });
    let options = ListVolumesOptionsBuilder::new().filters(&label).build();
    let volumes = docker.list_volumes(Some(options)).await?.volumes;
    let volumes = volumes.unwrap_or_default().into_iter();
    let volumes = volumes.map(|one| (Kind::Volume, one.name, one.labels));
    Ok(containers.chain(networks).chain(volumes).collect())
}

/// Removes it.
///
/// # Errors
/// Why it is still there, in words.
pub(in crate::runtime) async fn remove(one: &Leftover) -> Result<(), String> {
    let docker = daemon::connect().await?;
    let name = &one.name;
    let removed = match one.kind {
        Kind::Container => {
            let options = RemoveContainerOptionsBuilder::new().force(true).v(true);
            docker.remove_container(name, Some(options.build())).await
        }
        Kind::Network => match daemon::cut(&docker, name).await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => {
                return Err("the daemon has lost count of what was connected to it: it goes when Docker is restarted".to_owned());
            }
            Err(error) => Err(error),
        },
        Kind::Volume => {
            let options = RemoveVolumeOptionsBuilder::new().force(true).build();
            docker.remove_volume(name, Some(options)).await
        }
        Kind::Image => {
            let options = RemoveImageOptionsBuilder::new().build();
            let removed = docker.remove_image(name, Some(options), None).await;
            removed.map(drop)
        }
        Kind::Process | Kind::Data | Kind::Results => Ok(()),
    };
    match removed {
        Err(error) if one.kind == Kind::Image || !daemon::gone(&error) => Err(chain(&error)),
        _ => Ok(()),
    }
}
