//! Small disks for local processes: each is a tmpfs, in a mount namespace that only services with disks are in.
//!
//! Nothing has to be unmounted: the kernel takes the disks away when the last process is gone that sees them, however it
//! went. Where the harness is not root, the mount namespace belongs to a user namespace in which everybody is who they are
//! outside.

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::sys::stat::Mode;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, chdir, fork, getegid, geteuid, pipe2, read, write};
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Error, Read, Result};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::process::Command;

/// The disks of one stack. They are there as long as this is, or a process that has entered.
pub(super) struct Disks {
    mounts: File,
    users: Option<File>,
    /// By service: its disk. Seen from outside the namespace, its folder is an empty one.
    open: HashMap<String, File>,
}

/// A disk that is to be made.
pub(super) struct Wanted {
    pub service: String,
    /// Where its processes find it.
    pub folder: PathBuf,
    pub size_bytes: u64,
}

impl Disks {
    /// Makes disks, and the folders in which they are.
    ///
    /// # Errors
    /// When this user may make neither mounts nor user namespaces.
    pub fn make(wanted: &[Wanted]) -> Result<Disks> {
        let mut mounts = Vec::new();
        for disk in wanted {
            std::fs::create_dir_all(&disk.folder)?;
            let options = format!("size={},mode=0755", disk.size_bytes);
            mounts.push((path(&disk.folder)?, CString::new(options)?));
        }
        let maps = [geteuid().as_raw(), getegid().as_raw()];
        let maps = maps.map(|id| format!("{id} {id} 1"));
        let (said, say) = pipe2(OFlag::O_CLOEXEC)?;
        let (held, hold) = pipe2(OFlag::O_CLOEXEC)?;
        // What stops the harness is not for the child, which has its handlers.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        // SAFETY: the child makes nothing but system calls, and allocates nothing.
        let forked = unsafe { fork() };
        if let Ok(ForkResult::Child) = forked {
            drop(hold);
            // An error's number as it is, or which namespaces there are as a number below 0.
            let answer = match furnish(&mounts, &maps) {
                Ok(Namespaces::Mounts) => MOUNTS,
                Ok(Namespaces::UsersToo) => USERS_TOO,
                Err(error) => error as i32,
            };
            let _ = write(&say, &answer.to_ne_bytes());
            // Until the other end is closed: by then the namespaces are held there.
            let _ = read(&held, &mut [0]);
            // SAFETY: it ends at once, without what the harness would do at its own end.
            unsafe { nix::libc::_exit(0) }
        }
        before.thread_set_mask()?;
        let ForkResult::Parent { child } = forked? else {
            unreachable!("the child has ended above")
        };
        drop(say);
        let mut answer = [0; 4];
        let told = File::from(said).read_exact(&mut answer);
        let disks = told.and_then(|()| Disks::of(child, i32::from_ne_bytes(answer), wanted));
        drop(hold);
        waitpid(child, None)?;
        disks
    }

    /// Takes hold of what the child has made.
    fn of(child: Pid, answer: i32, wanted: &[Wanted]) -> Result<Disks> {
        if answer > 0 {
            return Err(Error::from_raw_os_error(answer));
        }
        let of_child = |name: &str| File::open(format!("/proc/{child}/{name}"));
        let users = (answer == USERS_TOO).then(|| of_child("ns/user"));
        let open = wanted.iter().map(|disk| {
            let folder = of_child(&format!("root{}", disk.folder.display()))?;
            Ok((disk.service.clone(), folder))
        });
        Ok(Disks {
            mounts: of_child("ns/mnt")?,
            users: users.transpose()?,
            open: open.collect::<Result<_>>()?,
        })
    }

    /// Where the harness itself finds the disk of a service.
    pub fn folder(&self, service: &str) -> Option<PathBuf> {
        let disk = self.open.get(service)?;
        Some(PathBuf::from(format!("/proc/self/fd/{}", disk.as_raw_fd())))
    }

    /// Has a program see the disks. It begins in `folder`.
    ///
    /// # Errors
    /// The folder's name cannot be told to the system.
    pub fn enter(self: &Arc<Self>, program: &mut Command, folder: &Path) -> Result<()> {
        let (disks, folder) = (self.clone(), path(folder)?);
        let enter = move || {
            if let Some(users) = &disks.users {
                setns(users, CloneFlags::CLONE_NEWUSER)?;
            }
            setns(&disks.mounts, CloneFlags::CLONE_NEWNS)?;
            // With its mounts a process loses the folder that it is in.
            Ok(chdir(folder.as_c_str())?)
        };
        // SAFETY: between fork and exec only system calls are made, which allocate nothing.
        unsafe { program.pre_exec(enter) };
        Ok(())
    }
}

/// What the child says when all is well.
const MOUNTS: i32 = -1;
const USERS_TOO: i32 = -2;

/// Which namespaces the child has for itself.
enum Namespaces {
    Mounts,
    UsersToo,
}

/// Makes the namespaces, and mounts the disks, each with its options. Allocates nothing.
fn furnish(disks: &[(CString, CString)], maps: &[String; 2]) -> nix::Result<Namespaces> {
    let namespaces = match unshare(CloneFlags::CLONE_NEWNS) {
        Err(Errno::EPERM) => {
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
            let put = |file: &CStr, text: &str| {
                let file = open(file, OFlag::O_WRONLY, Mode::empty())?;
                write(file, text.as_bytes()).map(drop)
            };
            put(c"/proc/self/uid_map", &maps[0])?;
            put(c"/proc/self/setgroups", "deny")?;
            put(c"/proc/self/gid_map", &maps[1])?;
            Namespaces::UsersToo
        }
        other => other.map(|()| Namespaces::Mounts)?,
    };
    let none = None::<&CStr>;
    // What is mounted here stays here.
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, c"/", none, flags, none)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    for (folder, options) in disks {
        let (kind, options) = (Some(c"tmpfs"), Some(options.as_c_str()));
        mount(kind, folder.as_c_str(), kind, flags, options)?;
    }
    Ok(namespaces)
}

fn path(path: &Path) -> Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}
