//! The door in the process that owns the store.

mod acting;
mod judging;
mod knowing;
mod traces;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use futures_util::{FutureExt, TryStreamExt};
use tokio::runtime::Handle;

use super::attached::{Knock, Owning};
use super::request::cassettes::Cassettes as CassettesRequest;
use super::request::chat::Chat as ChatRequest;
use super::request::conversations::Conversations as ConversationsRequest;
use super::request::keys::Keys as KeysRequest;
use super::request::models::Models as ModelsRequest;
use super::request::pictures::Pictures as PicturesRequest;
use super::request::prompts::Prompts as PromptsRequest;
use super::request::usage::{Form, Usage as UsageRequest};
use super::request::workspace::Workspace as WorkspaceRequest;
use super::standing::Standing;
use super::there::not_begun;
use super::{Changed, Context, Replies, Reply, Request, Workbench, person, voices};
use crate::config::Config;
use crate::domain::catalog::ModelId;
use crate::domain::change::Topic;
use crate::domain::{Error, Result};
use crate::engine::Trial;
use crate::service::agent::Agents;
use crate::service::archive::Archive;
use crate::service::blocking::blocking;
use crate::service::cassettes::Cassettes;
use crate::service::changes::Changes;
use crate::service::chat::{Chat, Step};
use crate::service::comparisons::Comparisons;
use crate::service::completion;
use crate::service::conversations::{Conversations, Exported, Imported};
use crate::service::datasets::Datasets;
use crate::service::doctor;
use crate::service::evaluations::Evaluations;
use crate::service::invoke::Terms;
use crate::service::keys::Keys;
use crate::service::knowledge::Knowledge;
use crate::service::models::{Lists, Shelf, ShelfOptions, Steps, cards, elsewhere, trying};
use crate::service::pictures::{Pictures, Step as PictureStep};
use crate::service::prompts::Prompts;
use crate::service::recorder::Recorder;
use crate::service::replay::Replays;
use crate::service::retention::Keep;
use crate::service::trace::Traces;
use crate::service::turns::Turns;
use crate::service::unblinding::Unblinding;
use crate::service::usage::Usage;
use crate::service::usage::purse::Purse;
use crate::service::workspace::Workspace;
use crate::store::{Owner, Store, Unlock};
use crate::worker::{Surroundings, Trials};

/// The services, over one store.
#[derive(Debug, Clone)]
pub struct Here {
    agents: Agents,
    chat: Chat,
    conversations: Conversations,
    cassettes: Cassettes,
    comparisons: Comparisons,
    evaluations: Evaluations,
    datasets: Datasets,
    knowledge: Knowledge,
    prompts: Prompts,
    standing: Arc<Standing>,
    shelf: Shelf,
    lists: Lists,
    pictures: Pictures,
    traces: Traces,
    replays: Replays,
    usage: Usage,
    unblinding: Unblinding,
    workspace: Workspace,
    changes: Changes,
    /// Nothing new is begun.
    closed: Arc<AtomicBool>,
}

impl Workbench for Here {
    fn call(&self, context: Context, request: Request) -> Replies {
        if self.closed.load(Ordering::Acquire) {
            return one(async { Err(not_begun()) });
        }
        if !request.stands_on_configuration() || !self.standing.is_stale() {
            return self.serve(&context, request);
        }
        // Rare: the file has changed since the last such call.
        let here = self.clone();
        let renewed = async move {
            let standing = Arc::clone(&here.standing);
            let read = tokio::task::spawn_blocking(move || standing.refresh()).await;
            if let Err(why) = read {
                tracing::warn!(panicked = why.is_panic(), "reading the configuration again ended badly");
            }
            here.serve(&context, request)
        };
        stream::once(renewed).flatten().boxed()
    }

    fn interrupt(&self) {
        self.chat.interrupt();
    }

    fn is_busy(&self) -> bool {
        self.chat.is_busy()
            || self.pictures.is_busy()
            || self.evaluations.is_busy()
            || self.knowledge.is_busy()
            || self.agents.is_busy()
    }

    fn close(&self) -> futures_util::future::BoxFuture<'static, ()> {
        let here = self.clone();
        async move {
            here.closed.store(true, Ordering::Release);
            here.chat.finish().await;
            here.agents.finish().await;
            here.pictures.finish().await;
            here.evaluations.finish().await;
            here.knowledge.finish().await;
            here.traces.finish().await;
            here.workspace.finish().await;
        }
        .boxed()
    }
}

/// One reply from a future.
fn one(future: impl Future<Output = Result<Reply>> + Send + 'static) -> Replies {
    stream::once(future).boxed()
}

/// Changes as replies.
fn numbered(changes: BoxStream<'static, Changed>) -> Replies {
    changes.enumerate().map(|(at, change)| Ok(Reply::Changed { number: at as u64 + 1, change })).boxed()
}

/// The steps of a trial as replies.
fn tried(steps: BoxStream<'static, Result<trying::Step>>) -> Replies {
    steps
        .map_ok(|step| match step {
            trying::Step::Delta(event) => Reply::Delta { event },
            trying::Step::Tried(tried) => Reply::Tried { tried },
        })
        .boxed()
}

/// The steps of a turn as replies.
fn turn(steps: BoxStream<'static, Result<Step>>) -> Replies {
    steps
        .map_ok(|step| match step {
            Step::Started { conversation, asked, answer } => Reply::Started { conversation, asked, answer },
            Step::Delta(event) => Reply::Delta { event },
            Step::Acted(event) => Reply::AgentEvent { event },
            Step::Finished { answer } => Reply::Finished { answer },
        })
        .boxed()
}

impl Here {
    fn serve(&self, context: &Context, request: Request) -> Replies {
        let terms = Terms {
            principal: context.principal.clone(),
            parent_span: context.parent_span,
            deadline: context.deadline_ms.map(Duration::from_millis),
            budget_tokens: context.budget_tokens,
            ..Terms::new(self.standing.client(context.reach).under(context.parent_span))
        };
        match request {
            Request::Agents(request) => self.agents(request, terms),
            Request::Cassettes(request) => self.cassettes(request),
            Request::Chat(request) => self.chat(request, terms),
            Request::Comparisons(request) => self.comparisons(request, &terms.principal),
            Request::Conversations(request) => self.conversations(request),
            Request::Evaluations(request) => self.evaluations(request, terms),
            Request::Datasets(request) => self.datasets(request, &terms.principal),
            Request::Keys(request) => self.keys(request),
            Request::Knowledge(request) => self.knowledge(request, terms),
            Request::Models(request) => self.models(request, terms),
            Request::Pictures(request) => self.pictures(request, terms),
            Request::Prompts(request) => self.prompts(request, terms),
            Request::Traces(request) => self.traces(request, terms),
            Request::Usage(request) => self.usage(request, &terms.principal),
            Request::Workspace(request) => self.workspace(request, terms),
            Request::Watch { topic: Topic::Tending(base) } => self.tend(base, context.reach, terms),
            Request::Watch { topic } => self.watch(topic),
        }
    }

    /// Opens the workspace's store, if nobody else has it, with the services over it. Blocks: call it from a thread
    /// of a tokio runtime that may block.
    pub fn open(config: &Config, knock: &Knock) -> Result<Owning> {
        let folder = config.paths.workspace();
        let Some(owner) = Owner::try_take(&folder)? else {
            return Ok(Owning::Anothers { pid: Owner::pid(&folder) });
        };
        let typed = knock.passphrase.as_ref().map(|typed| typed.expose().into());
        let given = || config.passphrase.as_ref().map(|given| given.expose().into());
        let unlock = Unlock { passphrase: typed.or_else(given), ask: knock.ask };
        let (store, noticed) = match &knock.restore {
            Some(from) => Store::open_restored(&owner, &unlock, from)?,
            None => Store::open(&owner, &unlock)?,
        };
        for notice in noticed {
            tracing::warn!("{notice}");
        }
        let archive = Archive::new(store.clone());
        let keys = Keys::new(store.clone());
        let cassettes = Cassettes::new(store.clone());
        let changes = Changes::default();
        let told = changes.clone();
        store.tell(Box::new(move |notice| {
            tracing::warn!("{notice}");
            told.tell(Changed::Notice { text: notice.to_owned() });
        }));
        let recorder = Recorder::start(store, changes.clone());
        let around: Surroundings = config.children.variables().collect();
        let trial: Arc<dyn Trial> =
            Arc::new(Trials::new(config.program.clone(), config.paths.cache.clone(), around.clone()));
        let token = config.hf_token.as_ref().map(|token| token.expose().into());
        let shelf = Shelf::new(ShelfOptions {
            around: around.clone(),
            trial: Some(Arc::clone(&trial)),
            ..ShelfOptions::new(config.paths.models(), token)?
        });
        let (egress, spans) = (Arc::new(recorder.clone()), Arc::new(recorder.clone()));
        let purse = Purse::new(archive.clone(), recorder.clone(), changes.clone());
        let parts = (keys, cassettes.clone(), purse.clone());
        let standing = Arc::new(Standing::new(config, egress, spans, changes.clone(), trial, parts)?);
        standing.hear_choices();
        let turns = Turns::default();
        let age_ms = u64::try_from(config.trace.age.as_millis()).unwrap_or(u64::MAX);
        let keep = Keep { age_ms, bytes: config.trace.bytes };
        let knowledge = knowing::service(config, &around, archive.clone(), &standing, changes.clone())?;
        match Handle::current().block_on(knowledge.mark_interrupted()) {
            Ok(0) => {}
            Ok(interrupted) => tracing::info!(interrupted, "syncs of a process that ended were stopped"),
            Err(error) => tracing::warn!(%error, "syncs of a process that ended could not be stopped"),
        }
        match Handle::current().block_on(knowledge.sweep()) {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "indexes of removed knowledge bases were taken away"),
            Err(error) => tracing::warn!(%error, "indexes of removed knowledge bases are still there"),
        }
        let chat = Chat::new(archive.clone(), Arc::clone(standing.invoke()), changes.clone(), turns.clone());
        let parts = (archive.clone(), knowledge.clone());
        let agents = acting::service(config, &around, parts, &standing, changes.clone());
        let chat = chat.knowing(knowledge.clone()).acting(agents.clone());
        // A fault of the store shows where it is used; it must not keep the person from what mends it.
        match Handle::current().block_on(chat.mark_interrupted()) {
            Ok(0) => {}
            Ok(interrupted) => tracing::info!(interrupted, "answers of a process that ended were marked"),
            Err(error) => tracing::warn!(%error, "answers of a process that ended could not be marked"),
        }
        let pictures = Pictures::new(archive.clone(), Arc::clone(standing.invoke()), changes.clone());
        match Handle::current().block_on(pictures.mark_interrupted()) {
            Ok(0) => {}
            Ok(interrupted) => tracing::info!(interrupted, "pictures of a process that ended were marked"),
            Err(error) => tracing::warn!(%error, "pictures of a process that ended could not be marked"),
        }
        let evaluations = Evaluations::new(archive.clone(), Arc::clone(standing.invoke()), changes.clone());
        let evaluations = evaluations.knowing(knowledge.clone());
        match Handle::current().block_on(evaluations.mark_interrupted()) {
            Ok(0) => {}
            Ok(interrupted) => tracing::info!(interrupted, "evaluations of a process that ended were paused"),
            Err(error) => tracing::warn!(%error, "evaluations of a process that ended could not be paused"),
        }
        let traces = traces::service(config, archive.clone(), recorder.clone(), &standing, changes.clone());
        match Handle::current().block_on(agents.mark_interrupted()) {
            Ok(0) => {}
            Ok(interrupted) => tracing::info!(interrupted, "runs of agents that a process left were marked"),
            Err(error) => tracing::warn!(%error, "runs of agents that a process left could not be marked"),
        }
        let invoke = Arc::clone(standing.invoke());
        let comparisons = Comparisons::new(archive.clone(), invoke, changes.clone(), turns.clone());
        let hidden = (comparisons.clone(), evaluations.clone());
        Ok(Owning::Ours(Arc::new(Self {
            agents,
            prompts: Prompts::new(archive.clone(), chat.clone(), changes.clone(), turns.clone()),
            chat,
            unblinding: Unblinding::new(archive.clone(), recorder.clone(), hidden.0, hidden.1),
            comparisons,
            evaluations,
            conversations: Conversations::new(archive.clone(), changes.clone(), turns),
            cassettes,
            datasets: Datasets::new(archive.clone(), changes.clone()),
            knowledge,
            replays: Replays::new(archive.clone(), traces.clone(), Arc::clone(standing.invoke())),
            usage: Usage::new(archive.clone(), recorder.clone(), Arc::clone(standing.invoke()), purse),
            standing,
            shelf,
            lists: Lists::new(archive.clone()),
            pictures,
            traces,
            workspace: Workspace::new(folder, unlock, archive, recorder, keep),
            changes,
            closed: Arc::default(),
        })))
    }

    fn chat(&self, request: ChatRequest, terms: Terms) -> Replies {
        let steps = match request {
            ChatRequest::Attach { file } => {
                let chat = self.chat.clone();
                return one(async move { Ok(Reply::Attached { attachment: chat.attach(file).await? }) });
            }
            ChatRequest::AttachBytes { name, bytes } => {
                let chat = self.chat.clone();
                return one(async move {
                    Ok(Reply::Attached { attachment: chat.attach_bytes(name, bytes).await? })
                });
            }
            ChatRequest::Complete { folder, start } => {
                return one(async move {
                    Ok(Reply::Completion { found: completion::complete(folder, start).await? })
                });
            }
            ChatRequest::Scripts { conversation, message } => {
                let chat = self.chat.clone();
                return one(async move {
                    Ok(Reply::Scripts { scripts: chat.scripts(conversation, message).await? })
                });
            }
            ChatRequest::Send { to, blocks } => self.chat.send(to, blocks, terms),
            ChatRequest::Retry { conversation, message } => self.chat.retry(conversation, message, terms),
            ChatRequest::Redo { conversation, message, edit } => {
                self.chat.redo(conversation, message, *edit, terms)
            }
            ChatRequest::Continue { conversation, message } => self.chat.go_on(conversation, message, terms),
        };
        turn(steps)
    }

    fn prompts(&self, request: PromptsRequest, terms: Terms) -> Replies {
        use PromptsRequest as Ask;
        let service = self.prompts.clone();
        let request = match request {
            Ask::Run { of, version, template, values } => {
                return turn(service.run(of, version, template, values, terms));
            }
            other => other,
        };
        one(async move {
            Ok(match request {
                Ask::List => Reply::Prompts { prompts: service.list().await? },
                Ask::Open { id } => Reply::Prompt { book: service.open(id).await? },
                Ask::Find { name } => Reply::Prompt { book: service.find(name).await? },
                Ask::Create { name, template, note, values, runs } => {
                    Reply::Prompt { book: service.create(&name, template, note, values, runs).await? }
                }
                Ask::Save { id, template, note } => {
                    Reply::Prompt { book: service.save(id, template, note).await? }
                }
                Ask::Rename { id, name } => Reply::Prompt { book: service.rename(id, &name).await? },
                Ask::Remove { id } => service.remove(id).await.map(|()| Reply::Done)?,
                Ask::SaveDraft { of, draft } => service.save_draft(of, draft).await.map(|()| Reply::Done)?,
                Ask::LoadDraft => Reply::Sketch { draft: service.load_draft().await? },
                Ask::Runs { of, limit } => {
                    let mut heads = service.runs(of, limit.saturating_add(1)).await?;
                    let more = heads.len() > limit;
                    heads.truncate(limit);
                    Reply::Conversations { heads, more }
                }
                Ask::GoOn { run } => Reply::Conversation { head: service.go_on(run).await? },
                Ask::Import { text } => Reply::Prompts { prompts: service.import(text).await? },
                // Answered above.
                Ask::Run { .. } => Reply::Done,
            })
        })
    }

    fn conversations(&self, request: ConversationsRequest) -> Replies {
        use ConversationsRequest as Ask;
        let service = self.conversations.clone();
        match request {
            Ask::List { limit, before } => one(async move {
                let (heads, more) = service.list(limit, before).await?;
                Ok(Reply::Conversations { heads, more })
            }),
            Ask::Open { id } => one(async move { Ok(Reply::Thread { thread: service.open(id).await? }) }),
            Ask::Find { text } => {
                one(async move { Ok(Reply::Thread { thread: service.find(&text).await? }) })
            }
            Ask::Search { query, limit } => {
                service.search(&query, limit).map_ok(|hits| Reply::Hits { hits }).boxed()
            }
            Ask::Change { id, change } => {
                one(async move { Ok(Reply::Conversation { head: service.change(id, change).await? }) })
            }
            Ask::Fork { id, at } => {
                one(async move { Ok(Reply::Conversation { head: service.fork(id, at).await? }) })
            }
            Ask::Remove { id } => one(async move { service.remove(id).await.map(|()| Reply::Done) }),
            Ask::Export { ids, format, folder } => {
                let all = service.clone();
                let ids = async move { if ids.is_empty() { all.all().await } else { Ok(ids) } };
                stream::once(ids)
                    .map_ok(move |ids| {
                        let (service, folder) = (service.clone(), folder.clone());
                        stream::iter(ids).then(move |id| {
                            let (service, folder) = (service.clone(), folder.clone());
                            async move {
                                let Exported { title, text, attachments } =
                                    service.export(id, format, folder.as_deref()).await?;
                                Ok::<_, Error>(Reply::Export { id, title, text, attachments })
                            }
                        })
                    })
                    .try_flatten()
                    .boxed()
            }
            Ask::Import { text, skip_known } => one(async move {
                let Imported { heads, skipped, known } = service.import(text, skip_known).await?;
                Ok(Reply::Imported { heads, skipped, known })
            }),
            Ask::SaveDraft { id, by, over, draft } => {
                one(async move { service.save_draft(id, by, over, draft).await.map(|()| Reply::Done) })
            }
            Ask::LoadDraft { id, by } => {
                one(async move { Ok(Reply::Drafts { drafts: service.load_drafts(id, by).await? }) })
            }
        }
    }

    fn cassettes(&self, request: CassettesRequest) -> Replies {
        let service = self.cassettes.clone();
        let work = move || match request {
            CassettesRequest::Show { file, passphrase } => {
                let (takes, cut) = service.takes(&file, passphrase.as_ref())?;
                let end = Reply::Cassette { takes: takes.len() as u64, cut };
                Ok(takes.into_iter().map(|take| Reply::Take { take }).chain([end]).collect::<Vec<_>>())
            }
            CassettesRequest::Share { file, to, passphrase } => {
                service.share(&file, &to, &passphrase).map(|()| vec![Reply::Done])
            }
        };
        let worked = blocking("using a cassette", work);
        stream::once(worked).map_ok(|replies| stream::iter(replies.into_iter().map(Ok))).try_flatten().boxed()
    }

    fn keys(&self, request: KeysRequest) -> Replies {
        let standing = Arc::clone(&self.standing);
        let work = move || match request {
            KeysRequest::List => standing.kept_keys().map(|keys| Reply::Keys { keys }),
            KeysRequest::Keep { provider, key, at } => {
                standing.keep_key(&provider, &key, at).map(|()| Reply::Done)
            }
            KeysRequest::Forget { provider } => standing.forget_key(&provider).map(|()| Reply::Done),
        };
        one(blocking("using the kept keys", work))
    }

    fn models(&self, request: ModelsRequest, terms: Terms) -> Replies {
        let invoke = Arc::clone(self.standing.invoke());
        match request {
            ModelsRequest::List { probe } => self
                .lists
                .list(invoke, probe, terms)
                .map_ok(|(lists, cards)| {
                    let lists = (!lists.is_empty()).then_some(Reply::Lists { lists });
                    stream::iter(lists.into_iter().chain([Reply::Models { cards }]).map(Ok))
                })
                .try_flatten()
                .boxed(),
            ModelsRequest::Keyless => {
                one(async move { Ok(Reply::Models { cards: cards::beyond(&invoke, voices::no_key) }) })
            }
            ModelsRequest::Show { id } => one(async move {
                Ok(Reply::Models { cards: vec![cards::show(&invoke, &id, &terms, voices::no_key).await?] })
            }),
            ModelsRequest::Knows { id } => one(async move {
                invoke.knows(&id)?;
                Ok(Reply::Models { cards: vec![invoke.card(&id)] })
            }),
            ModelsRequest::Plan { id } => {
                let shelf = self.shelf.clone();
                let is_here = id.is_local();
                one(async move {
                    let plan = if is_here { shelf.plan(&id)? } else { elsewhere::plan(&invoke, &id)? };
                    Ok(Reply::Plan { plan })
                })
            }
            ModelsRequest::Pull { id } => {
                let steps = if id.is_local() {
                    invoke.fetching(&id, &terms, |net| self.shelf.pull(&id, net))
                } else {
                    elsewhere::pull(&invoke, &id, &terms)
                };
                self.making(steps, id, terms)
            }
            ModelsRequest::Health { provider } => one(async move {
                Ok(Reply::Checks { checks: doctor::examine_provider(&invoke, &provider, &terms).await })
            }),
            ModelsRequest::Try { id, text } => tried(trying::ask(&invoke, &id, text, &terms)),
            ModelsRequest::Embed { id, texts } => tried(trying::embed(&invoke, &id, texts, &terms)),
            ModelsRequest::Rerank { id, query, texts } => {
                tried(trying::rerank(&invoke, &id, query, texts, &terms))
            }
            ModelsRequest::Add { file, name } => {
                let file = self.standing.at_home(file);
                match Shelf::id_of(&file, name.as_deref()) {
                    Ok(id) => self.making(self.shelf.add(file, &id), id, terms),
                    Err(error) => one(async move { Err(error) }),
                }
            }
            ModelsRequest::Remove { id } => {
                let (shelf, changes) = (self.shelf.clone(), self.changes.clone());
                one(async move {
                    if id.is_local() {
                        shelf.remove(&id).await?;
                    } else {
                        elsewhere::remove(&invoke, &id, &terms).await?;
                    }
                    changes.tell(Changed::Models);
                    Ok(Reply::Done)
                })
            }
        }
    }

    /// The steps of making a model, then its card.
    fn making(&self, steps: Steps, id: ModelId, terms: Terms) -> Replies {
        let (invoke, changes) = (Arc::clone(self.standing.invoke()), self.changes.clone());
        let made = Arc::new(AtomicBool::new(true));
        let failed = Arc::clone(&made);
        let card = async move {
            if !made.load(Ordering::Relaxed) {
                return None;
            }
            changes.tell(Changed::Models);
            let shown = cards::show(&invoke, &id, &terms, voices::no_key).await;
            Some(shown.map(|card| Reply::Models { cards: vec![card] }))
        };
        steps
            .inspect_err(move |_| failed.store(false, Ordering::Relaxed))
            .map_ok(|step| Reply::Pulling { step })
            .chain(stream::once(card).filter_map(std::future::ready))
            .boxed()
    }

    fn pictures(&self, request: PicturesRequest, terms: Terms) -> Replies {
        use PicturesRequest as Ask;
        let service = self.pictures.clone();
        match request {
            Ask::Make { asked, file } => {
                let file = file.map(|file| self.standing.at_home(file));
                let steps = service.make(asked, file, terms);
                steps
                    .map_ok(|step| match step {
                        PictureStep::Making(making) => Reply::Making { making },
                        PictureStep::Said(event) => Reply::Delta { event },
                    })
                    .boxed()
            }
            Ask::List { limit, before } => one(async move {
                let (makings, more) = service.list(limit, before).await?;
                Ok(Reply::Makings { makings, more })
            }),
            Ask::Find { text } => one(async move { Ok(Reply::Making { making: service.find(text).await? }) }),
            Ask::Scripts { id } => {
                one(async move { Ok(Reply::Scripts { scripts: service.scripts(id).await? }) })
            }
            Ask::Bytes { blob } => one(async move {
                let (media_type, bytes) = service.bytes(blob).await?;
                Ok(Reply::Picture { media_type, bytes })
            }),
            Ask::Remove { id } => one(async move { service.remove(id).await.map(|()| Reply::Done) }),
        }
    }

    fn usage(&self, request: UsageRequest, principal: &str) -> Replies {
        let (service, unblinding, who) = (self.usage.clone(), self.unblinding.clone(), person(principal));
        let (within, one_by_one) = match request {
            UsageRequest::Report { query } => ((query.since, query.until), false),
            UsageRequest::Export { query, form, .. } => ((query.since, query.until), form == Form::Jsonl),
            UsageRequest::Egress { since, .. } => ((since, None), true),
        };
        let told = match request {
            UsageRequest::Report { query } => {
                one(async move { Ok(Reply::Usage { report: service.report(query).await? }) })
            }
            UsageRequest::Export { query, form, texts } => {
                service.export(query, form, texts).map_ok(|text| Reply::Text { text }).boxed()
            }
            UsageRequest::Egress { since, before, limit } => one(async move {
                let (exchanges, more) = service.exchanges(since, before, limit).await?;
                Ok(Reply::Exchanges { exchanges, more })
            }),
        };
        // Kept first: what is seen is seen.
        let kept = async move { unblinding.by_usage(within, one_by_one, &who).await.map(|()| told) };
        stream::once(kept).try_flatten().boxed()
    }

    fn workspace(&self, request: WorkspaceRequest, terms: Terms) -> Replies {
        use WorkspaceRequest as Ask;
        let service = self.workspace.clone();
        match request {
            Ask::Unlock { .. } => one(async { Ok(Reply::Done) }),
            Ask::Info => one(async move { Ok(Reply::Workspace { info: service.info().await? }) }),
            Ask::Compare { told } => {
                let differences = self.standing.differences(&told);
                one(async move { Ok(Reply::Differences { owner: std::process::id(), differences }) })
            }
            Ask::Compact => one(async move { Ok(Reply::Workspace { info: service.compact().await? }) }),
            Ask::Notices => one(async move {
                let (founded, notices) = service.untold().await?;
                Ok(Reply::Notices { founded, notices })
            }),
            Ask::Unblinded { since } => {
                let (unblinding, who) = (self.unblinding.clone(), person(&terms.principal));
                one(async move {
                    let (comparisons, evaluations) = unblinding.since(since, &who).await?;
                    Ok(Reply::Unblinded { comparisons, evaluations })
                })
            }
            Ask::Verify => one(async move {
                let (records, damaged, rebuilt) = service.verify().await?;
                Ok(Reply::Verified { records, damaged, rebuilt })
            }),
            Ask::Rekey { data, to } => {
                one(async move { service.rekey(data, to).await.map(|()| Reply::Done) })
            }
            Ask::Remember { name, value } => {
                one(async move { service.remember(name, value).await.map(|()| Reply::Done) })
            }
            Ask::Doctor => {
                let (invoke, shelf) = (Arc::clone(self.standing.invoke()), self.shelf.clone());
                one(async move {
                    let checks = doctor::examine(&service, &invoke, &shelf, &terms).await?;
                    Ok(Reply::Checks { checks })
                })
            }
            Ask::Recall { name } => {
                one(async move { Ok(Reply::Remembered { value: service.recall(name).await? }) })
            }
            Ask::Backup { to } => one(async move { service.backup(to).await.map(|()| Reply::Done) }),
            Ask::Restore { from } => {
                let changes = self.changes.clone();
                one(async move {
                    service.restore(from).await?;
                    // Nothing that a screen shows is sure to be there any more.
                    changes.tell(Changed::Missed);
                    Ok(Reply::Done)
                })
            }
        }
    }

    fn watch(&self, topic: Topic) -> Replies {
        numbered(self.changes.watch(topic))
    }
}
