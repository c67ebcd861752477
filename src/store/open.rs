//! Opening a store: made where there is none, unlocked, its last interruption ended, its damage mended.

use std::fs;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock, RwLock};

use uuid::Uuid;

use super::commit::Group;
use super::generation::{Generation, PREFIX, TREE, Vault, folder};
use super::head::{Head, headless};
use super::key::{Keys, Unlock, Wrap, WrapWith, Wrapper};
use super::options::Options;
use super::owner::Owner;
use super::record::Kind;
use super::seal::random;
use super::site::{Desk, Site};
use super::tail::Mark;
use super::{Shared, Store, ballast, files, salvage, scan, tail};
use crate::domain::id::WorkspaceId;
use crate::domain::{Error, ErrorKind, Result};

impl Store {
    /// Opens the store of an owned folder, making it where there is none. The texts say what was mended on the way.
    pub fn open(owner: &Owner, unlock: &Unlock) -> Result<(Self, Vec<String>)> {
        Self::open_with(owner, unlock, Options::default())
    }

    /// `open` with other sizes, or with faults.
    pub fn open_with(owner: &Owner, unlock: &Unlock, options: Options) -> Result<(Self, Vec<String>)> {
        let mut notices = owner.notices().to_vec();
        files::private_files(owner.folder(), &mut notices)?;
        ballast::prepare(owner.folder(), &options, &mut notices)?;
        let site = Site { owner: owner.clone(), options, mark: Mark::open(owner.folder())? };
        let mut founded = None;
        let mut desk = match Head::load(site.folder(), site.schema(), &mut notices) {
            Ok(Some(head)) => site.unlock(head, unlock)?,
            Ok(None) if site.generations()?.is_empty() => {
                let (desk, said) = site.found(unlock)?;
                founded = said;
                desk
            }
            Ok(None) => {
                let met = headless("its head file and the copy of it are missing");
                site.find_head(unlock, met, &mut notices)?
            }
            Err(error) if error.kind == ErrorKind::Corrupt => site.find_head(unlock, error, &mut notices)?,
            Err(error) => return Err(error),
        };
        desk.head.mend_copy(site.folder(), &site.options.faults)?;
        notices.extend(site.tidy_wraps(&mut desk));
        let live = match site.end_interruption(&mut desk, &mut notices)? {
            Some(finished) => finished,
            None => site.enter(&mut desk, &mut notices)?,
        };
        let live = site.migrate(&mut desk, live, &mut notices)?;
        site.end_sealing(&mut desk, &mut notices);
        site.lay_astray_aside(&desk, &mut notices);
        site.sweep(&desk)?;
        let shared = Shared {
            site,
            live: RwLock::new(live.into()),
            desk: Mutex::new(desk),
            work: Mutex::default(),
            drafts: Mutex::default(),
            open_shelves: Mutex::default(),
            in_use: Mutex::default(),
            group: Group::default(),
            written: AtomicU64::default(),
            unmarked: Mutex::default(),
            notices: Mutex::new(notices.clone()),
            founded: Mutex::new(founded),
            listener: OnceLock::new(),
        };
        shared.free_what_is_marked()?;
        Ok((Self { shared: shared.into() }, notices))
    }
}

impl Shared {
    /// Takes away the large values that nothing names: a death may have come before their files went.
    fn free_what_is_marked(&self) -> Result<()> {
        let live = self.live();
        let marks = scan::take(&live, &[Kind::Unnamed as u8], None, false, usize::MAX)?;
        let addresses = marks.iter().filter_map(|(key, _)| key[1..].try_into().ok()).collect();
        self.free_files(&live, addresses);
        Ok(())
    }
}

impl Site {
    fn unlock(&self, head: Head, unlock: &Unlock) -> Result<Desk> {
        let places = [self.folder().to_owned()];
        let wrapper = Wrapper::find(&head.wrap, head.workspace, &places, unlock, &self.options)?;
        let keys = wrapper.unwrap(&head.keys, &head.wrap)?;
        Ok(Desk { head, wrapper, keys, stuck: None, touched: None })
    }

    /// The first start: keys are drawn, and the head is the last thing that is written. The text says what opens the
    /// workspace, where the person did not choose it.
    fn found(&self, unlock: &Unlock) -> Result<(Desk, Option<String>)> {
        let workspace = WorkspaceId::from_uuid(Uuid::from_bytes(*random::<16>()?));
        let with = unlock.passphrase.clone().map_or(WrapWith::KeyFile, WrapWith::Passphrase);
        let wrap = Wrap::draw(&with)?;
        let said = wrap.file().map(|name| {
            let file = self.folder().join(name);
            format!(
                "the key file {} opens this workspace for whoever can read it. `outcrop workspace rekey --to keyring` \
                 or `--to passphrase` changes that.",
                file.display()
            )
        });
        let wrapper = Wrapper::make(&wrap, &with, workspace, self.folder(), &self.options)?;
        let keys = Keys::fresh()?;
        let head = Head::first(self.schema(), workspace, wrap, wrapper.wrap(&keys)?);
        head.save(self.folder(), &self.options.faults)?;
        Ok((Desk { head, wrapper, keys, stuck: None, touched: None }, said))
    }

    /// Opens the generation that is the store; a damaged one is salvaged.
    pub(super) fn enter(&self, desk: &mut Desk, notices: &mut Vec<String>) -> Result<Generation> {
        let number = desk.head.generation;
        let before = tail::preserve(&folder(self.folder(), number).join(TREE));
        let opened = Generation::open(self.folder(), number, &desk.keys, &self.options)
            .and_then(|opened| if self.mark.passed(&opened)? { Err(tail::lost()) } else { Ok(opened) });
        let met = match opened {
            Err(error) if error.kind == ErrorKind::Corrupt => error,
            result => return result,
        };
        tail::lay_down(&before, &folder(self.folder(), number).join(TREE), &self.options.faults)?;
        let wreck = folder(self.folder(), number);
        let vault = Vault::new(&wreck, &desk.keys, &self.options);
        let (fresh, copied) = self.salvage(desk, &vault, &wreck)?;
        notices.push(salvage::rebuilt(&met.why, copied));
        Ok(fresh)
    }

    /// Takes away what nothing names any more: replaced generations, half-written files. Never a key file, for a backup
    /// may open with it: those that this store wrote and left are named in the head.
    fn sweep(&self, desk: &Desk) -> Result<()> {
        let head = &desk.head;
        let wanted: Vec<String> = head
            .kept
            .iter()
            .chain([&head.generation])
            .chain(head.next.as_ref().map(|next| &next.generation))
            .map(|number| format!("{PREFIX}{number:06}"))
            .collect();
        for name in self.leftovers()? {
            if !wanted.contains(&name) {
                files::remove(&self.folder().join(name))?;
            }
        }
        Ok(())
    }

    /// Everything here that could be a leftover.
    pub(super) fn leftovers(&self) -> Result<Vec<String>> {
        let doing = || format!("reading the folder {}", self.folder().display());
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder()).map_err(|e| Error::io(doing(), &e))? {
            let name = entry.map_err(|e| Error::io(doing(), &e))?.file_name().to_string_lossy().into_owned();
            if name.starts_with(PREFIX) || name.ends_with(files::UNFINISHED) {
                names.push(name);
            }
        }
        Ok(names)
    }
}
