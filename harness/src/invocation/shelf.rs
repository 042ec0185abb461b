//! Stacks that are up before anybody needs them, so that the next scenario need not wait for one.
//!
//! Each is fresh: nothing was done to it, and it serves one run. It counts only while what it was started from is the same.
//! Of local processes nobody can tell, because their programs are files anywhere, and they are quick to start; of
//! containers, the images and what is mounted into them tell.

use crate::engine::{Ahead, Outcome, Part, Place, Setup};
use crate::runtime::{RunFolder, docker};
use crate::stack::{Mounted, Stack};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The stacks that are up ahead.
#[derive(Default)]
pub struct Shelf(Mutex<Vec<Kept>>);

struct Kept {
    stack: Arc<Stack>,
    folder: PathBuf,
    origin: Origin,
    ahead: Ahead,
}

/// What a stack was started from.
#[derive(PartialEq, Eq)]
struct Origin {
    images: Vec<String>,
    mounted: Mounted,
}

impl Shelf {
    /// Brings a stack up, if it is safe to use it later. `setup.plan` is anything.
    pub async fn put(&self, setup: Setup) {
        let Some(origin) = origin(&setup.stack, setup.place, &setup.out).await else {
            return;
        };
        let kept = Kept {
            stack: setup.stack.clone(),
            folder: RunFolder::new(&setup.out, &setup.name).root().to_owned(),
            origin,
            ahead: Ahead::up(setup),
        };
        self.kept().push(kept);
    }

    /// Plays on a stack that is up ahead and still the same as one that were started now. `None`: there is none, or it
    /// broke down by itself.
    pub async fn play(&self, setup: &Setup) -> Option<Outcome> {
        let same = |kept: &mut Kept| kept.stack == setup.stack;
        let kept = self.kept().extract_if(.., same).next()?;
        if origin(&setup.stack, setup.place, &setup.out).await.as_ref() != Some(&kept.origin) {
            kept.ahead.discard().await;
            return None;
        }
        let part = Part {
            plan: setup.plan.clone(),
            shared: setup.shared.clone(),
            heard: setup.heard.clone(),
        };
        kept.ahead.play(part).await
    }

    /// The folders of the runs that are up ahead.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.kept().iter().map(|kept| kept.folder.clone()).collect()
    }

    /// How many of a stack there are.
    pub fn count(&self, stack: &Stack) -> usize {
        let kept = self.kept();
        kept.iter().filter(|kept| *kept.stack == *stack).count()
    }

    /// Takes down all but those of `stack`.
    pub async fn keep_only(&self, stack: Option<&Stack>) {
        let other = |kept: &mut Kept| Some(&*kept.stack) != stack;
        let others: Vec<Kept> = self.kept().extract_if(.., other).collect();
        for kept in others {
            kept.ahead.discard().await;
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.0.lock().expect("no panic while it is held")
    }
}

/// What a stack that is started now would be started from. `None`: nobody can tell, or it is not always the same.
async fn origin(stack: &Stack, place: Place, results: &Path) -> Option<Origin> {
    if place != Place::Docker || stack.writes_to_host() {
        return None;
    }
    Some(Origin {
        images: docker::image_ids(stack).await?,
        mounted: stack.mounted(results)?,
    })
}
