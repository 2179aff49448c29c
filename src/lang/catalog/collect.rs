//! From rhai's metadata to entries.

use std::any::TypeId;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem::Discriminant;

use rhai::{AST, Engine, FnAccess, FnNamespace, FuncInfo, FuncMetadata};

use super::entry::{Entry, Kind, Origin, Overload, Param};
use super::standard;
use crate::lang::doc::Tags;
use crate::lang::names::is_closure;
use crate::lang::types::Type;

/// One function as rhai describes it.
struct Raw {
    namespace: String,
    /// Callable without its namespace.
    global: bool,
    name: String,
    signature: Signature,
    ids: Vec<TypeId>,
    params: Vec<(String, String)>,
    returns: String,
    comments: String,
    /// Written in Rhai: its parameters do not hold the receiver.
    script: bool,
    /// The type in front of a script function's name.
    this: Option<String>,
}

/// What tells functions apart that have one name: the namespace, and rhai's hash over name and parameters.
type Signature = (String, u64);

/// Where an entry belongs: namespace, receiver, name, whether a property.
type Key = (String, Option<String>, String, Discriminant<Kind>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum KindOf {
    Function,
    Property,
    Method,
    Index,
}

/// What an engine has.
pub(super) struct Collected {
    pub(super) entries: Vec<Entry>,
    /// The names of the host's types by their id.
    pub(super) types: HashMap<TypeId, Type>,
    /// The host's functions that hide one of Rhai's own of the same signature, without saying so.
    pub(super) hiding: BTreeSet<String>,
}

/// Reads everything that an engine has.
pub(super) fn from_engine(engine: &Engine) -> Collected {
    let host = engine.collect_fn_metadata(None, |info| Some(signature(&info)), false);
    // How many functions of the host have one signature; in the list of all, they stand before Rhai's.
    let mut left: HashMap<Signature, usize> = HashMap::with_capacity(host.len());
    for signature in host {
        *left.entry(signature).or_default() += 1;
    }
    let raws = engine.collect_fn_metadata(
        None,
        |info| {
            let own = left.contains_key(&signature(&info));
            if !own && takes_exotic_numbers(info.metadata) { None } else { Raw::read(info) }
        },
        true,
    );
    let types = host_types(engine, raws.iter().filter(|raw| left.contains_key(&raw.signature)));
    let mut collector = Collector { engine, types: &types, entries: HashMap::new() };
    let mut hiding = BTreeSet::new();
    let mut declared = HashSet::new();
    for raw in raws {
        let origin = match left.get_mut(&raw.signature) {
            None => Origin::Rhai,
            Some(0) => {
                if !declared.contains(&raw.signature) {
                    hiding.insert(raw.name);
                }
                continue;
            }
            Some(left) => {
                *left -= 1;
                if raw.script { Origin::Script } else { Origin::Host }
            }
        };
        if origin == Origin::Host && Tags::parse(&raw.comments).replaces {
            declared.insert(raw.signature.clone());
        }
        collector.add(raw, origin);
    }
    let entries = collector.entries.into_values().map(finish).collect();
    Collected { entries, types, hiding }
}

fn signature(info: &FuncInfo) -> Signature {
    (info.namespace.to_string(), info.metadata.hash)
}

/// True for the forms of Rhai's functions that nobody's values fit: scripts have `int` and `float` only.
fn takes_exotic_numbers(function: &FuncMetadata) -> bool {
    let exotic = [
        TypeId::of::<i8>(),
        TypeId::of::<u8>(),
        TypeId::of::<i16>(),
        TypeId::of::<u16>(),
        TypeId::of::<i32>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<i128>(),
        TypeId::of::<u128>(),
        TypeId::of::<f32>(),
    ];
    let range = |param: &str| param.contains("Range<") && !param.contains("i64");
    function.param_types.iter().any(|id| exotic.contains(id))
        || function.params_info.iter().any(|one| range(one))
}

/// Reads the public functions of a module written in Rhai.
pub(crate) fn from_module(name: &str, module: &AST) -> Vec<Entry> {
    let engine = Engine::new_raw();
    let types = HashMap::new();
    let mut collector = Collector { engine: &engine, types: &types, entries: HashMap::new() };
    for function in module.iter_functions() {
        if function.access == FnAccess::Private || is_closure(function.name) {
            continue;
        }
        let params = function.params.iter().map(|param| (param.to_string(), String::new())).collect();
        collector.add(
            Raw {
                namespace: String::new(),
                global: false,
                name: function.name.to_string(),
                signature: Signature::default(),
                ids: Vec::new(),
                params,
                returns: String::new(),
                comments: function.comments.join("\n"),
                script: true,
                this: function.this_type.map(str::to_string),
            },
            Origin::Script,
        );
    }
    let mut entries: Vec<_> = collector.entries.into_values().map(finish).collect();
    for entry in &mut entries {
        entry.module = Some(name.to_string());
    }
    entries
}

impl Raw {
    /// Copies what is wanted of one function; nothing for operators and what scripts cannot call.
    fn read(info: FuncInfo) -> Option<Self> {
        let meta = info.metadata;
        let name = meta.name.as_str();
        let special = name.contains('$');
        if meta.access == FnAccess::Private
            || is_closure(name)
            || !special && !rhai::is_valid_identifier(name)
        {
            return None;
        }
        let params = match &info.script {
            Some(script) => script.params.iter().map(|param| (param.to_string(), String::new())).collect(),
            None => (0..meta.num_params)
                .map(|index| match meta.params_info.get(index) {
                    Some(written) => {
                        let (name, type_) = written.split_once(':').unwrap_or((written, ""));
                        (name.trim().trim_start_matches("mut ").to_string(), type_.trim().to_string())
                    }
                    None => ("_".to_string(), String::new()),
                })
                .collect(),
        };
        let comments = match &info.script {
            Some(script) => script.comments.join("\n"),
            None => meta.comments.join("\n"),
        };
        Some(Self {
            global: info.namespace.is_empty() || meta.namespace == FnNamespace::Global,
            namespace: info.namespace.to_string(),
            name: name.to_string(),
            signature: signature(&info),
            ids: meta.param_types.to_vec(),
            params,
            returns: meta.return_type.to_string(),
            comments,
            script: info.script.is_some(),
            this: info.script.and_then(|script| script.this_type.map(str::to_string)),
        })
    }
}

/// Finds the name of each host type: the shortest that a signature or the registration gives it.
fn host_types<'r>(engine: &Engine, raws: impl Iterator<Item = &'r Raw>) -> HashMap<TypeId, Type> {
    let mut types: HashMap<TypeId, Type> = HashMap::new();
    for raw in raws {
        for (id, (_, written)) in raw.ids.iter().zip(&raw.params) {
            if Type::from_id(*id).is_some() {
                continue;
            }
            let found = Type::from_rust(written, engine);
            if !found.is_object() {
                continue;
            }
            let better = types
                .get(id)
                .is_none_or(|known| (found.name().len(), found.name()) < (known.name().len(), known.name()));
            if better {
                types.insert(*id, found);
            }
        }
    }
    types
}

struct Collector<'a> {
    engine: &'a Engine,
    types: &'a HashMap<TypeId, Type>,
    entries: HashMap<Key, Entry>,
}

impl Collector<'_> {
    fn add(&mut self, raw: Raw, origin: Origin) {
        let types: Vec<Type> = (0..raw.params.len()).map(|index| self.param_type(&raw, index)).collect();
        let (kind, name) = match raw.name.split_once('$') {
            Some(("get" | "set", property)) => (KindOf::Property, property),
            Some(("index", "get$")) => (KindOf::Index, "[]"),
            Some(_) => return,
            None => (KindOf::Function, raw.name.as_str()),
        };
        let receiver = match kind {
            _ if raw.script => raw.this.as_deref().map(Type::from_this),
            KindOf::Function => receiver(&raw, &types, origin),
            _ => types.first().cloned(),
        };
        let kind = if receiver.is_some() && kind == KindOf::Function { KindOf::Method } else { kind };
        let skip = usize::from(receiver.is_some() && !raw.script);
        let setter = raw.name.starts_with("set$");

        let params = std::iter::zip(&raw.params, types)
            .skip(skip)
            .map(|((name, _), type_)| Param { name: name.clone(), type_ })
            .collect();
        let returns = Type::from_rust(&raw.returns, self.engine);
        let overload = Overload::new(params, returns, &raw.comments);

        // A member is reached through its type, so a namespace would only hide it.
        let (namespace, unqualified) = match &receiver {
            Some(_) => (String::new(), false),
            None => (raw.namespace.clone(), raw.global && !raw.namespace.is_empty()),
        };
        let entry = Entry {
            name: name.to_string(),
            kind: match kind {
                KindOf::Function => Kind::Function,
                KindOf::Property => {
                    Kind::Property { settable: setter && !Tags::parse(&raw.comments).refuses }
                }
                KindOf::Method => Kind::Method,
                KindOf::Index => Kind::Index,
            },
            receiver,
            namespace,
            module: None,
            origin,
            overloads: Vec::new(),
        };
        let overload = Some(overload).filter(|_| !setter);
        if unqualified {
            self.merge(Entry { namespace: String::new(), ..entry.clone() }, overload.clone());
        }
        self.merge(entry, overload);
    }

    /// Adds a form to the entry that it belongs to.
    fn merge(&mut self, new: Entry, overload: Option<Overload>) {
        let receiver = new.receiver.as_ref().map(|of| of.name().to_string());
        let kind = std::mem::discriminant(&new.kind);
        let key = (new.namespace.clone(), receiver, new.name.clone(), kind);
        let (origin, settable) = (new.origin, new.kind == Kind::Property { settable: true });
        let entry = self.entries.entry(key).or_insert(new);
        if settable {
            entry.kind = Kind::Property { settable };
        }
        if let Some(overload) = overload {
            add_overload(entry, overload, origin);
        }
    }

    fn param_type(&self, raw: &Raw, index: usize) -> Type {
        let id = raw.ids.get(index);
        id.and_then(|id| Type::from_id(*id).or_else(|| self.types.get(id).cloned()))
            .unwrap_or_else(|| Type::from_rust(&raw.params[index].1, self.engine))
    }
}

/// Decides whether a native function reads as a method, and of which type.
fn receiver(raw: &Raw, types: &[Type], origin: Origin) -> Option<Type> {
    let first = types.first()?;
    let (name, written) = &raw.params[0];
    let by_reference = written.starts_with("&mut");
    let is_method = if origin == Origin::Rhai {
        !standard::FUNCTIONS.contains(&raw.name.as_str()) && (!first.is_any() || by_reference)
    } else {
        let declared = by_reference || name == "this" || Tags::parse(&raw.comments).method;
        raw.global && (declared || first.is_object())
    };
    is_method.then(|| first.clone())
}

fn add_overload(entry: &mut Entry, mut overload: Overload, origin: Origin) {
    if let Some((returns, closure)) = entry.receiver.as_ref().and_then(|of| standard::facts(of, &entry.name))
    {
        if let (Some(returns), true) = (returns, matches!(overload.returns, Type::Any | Type::Array(_))) {
            overload.returns = returns;
        }
        if overload.closure.is_empty() {
            overload.closure = match (origin, entry.name.as_str()) {
                // The host's own `for_each` passes the element, Rhai's the index.
                (Origin::Host, "for_each") => vec![Type::Element],
                _ => closure,
            };
        }
    }
    let replaced = entry.overloads.iter().any(|known| known.params == overload.params);
    if !replaced {
        entry.overloads.push(overload);
    }
    entry.origin = entry.origin.min(origin);
}

/// Puts an entry's forms in a stable order; a property that can only be set has a form too.
fn finish(mut entry: Entry) -> Entry {
    if entry.overloads.is_empty() {
        entry.overloads.push(Overload::new(Vec::new(), Type::Any, ""));
    }
    entry.overloads.sort_by_key(|overload| (overload.params.len(), overload.list()));
    entry
}
