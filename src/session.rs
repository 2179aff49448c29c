//! One interpreter with what it remembers: variables, functions, imports and connections.
//!
//! The prompt, batch runs and jobs share it. A source is evaluated with the variables and functions
//! of those before it; nothing here knows a terminal.

use std::cell::Cell;
mod hint;

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Once};

use rhai::{
    AST, Dynamic, Engine, EvalAltResult, Module, OptimizationLevel, ParseError, Position, Scope, Shared,
};

use crate::api::permissions::Permissions;
use crate::api::{self, Context};
use crate::error::Error;
use crate::lang::catalog::Catalog;
use crate::lang::infer::type_of_program;
use crate::lang::names::is_closure;
use crate::lang::natives::Docs;
use crate::lang::tokens::parsable;
use crate::lang::types::Type;
use crate::libvirt::{Connection, Door, Interrupt};
use crate::output::{self, View, unknown_column};
use crate::report::Sources;
use crate::stdlib::{self, Modules, Resolver};

/// How deep script functions may call each other.
const CALL_LEVELS: usize = 500;
/// How deep expressions may nest, at top level and in functions.
const EXPRESSION_DEPTH: usize = 128;
/// The stack of the thread that runs scripts, in bytes: room for [`CALL_LEVELS`]; untouched parts cost nothing.
pub const STACK: usize = 256 << 20;
/// The interrupt is looked at every so many operations.
const OPERATIONS_PER_LOOK: u64 = 256;

/// What a session is made with.
pub struct Settings {
    /// The rules, the interrupt, the record.
    pub door: Arc<Door>,
    /// What the script may do on this machine.
    pub permissions: Permissions,
    /// The default connection; `None` lets libvirt choose.
    pub uri: Option<String>,
    /// The arguments of the script.
    pub args: Vec<String>,
    /// The folder of the main script.
    pub folder: Option<PathBuf>,
    /// The configured library folder.
    pub library: Option<PathBuf>,
    /// How values are shown.
    pub view: View,
    /// Where the configuration wants the history store.
    pub history: Option<String>,
}

/// See the module.
pub struct Session {
    engine: Engine,
    scope: Scope<'static>,
    /// The functions of all sources so far, and closures that variables may hold.
    functions: AST,
    context: Arc<Context>,
    modules: Arc<Modules>,
    sources: HashMap<String, String>,
    /// The name of the last source.
    evaluated: String,
    /// The source of each closure.
    closures: HashMap<String, String>,
    /// The modules that were added to the interpreter: imports by their alias, the commands of virsh.
    added: BTreeMap<String, Shared<Module>>,
}

impl Session {
    /// Makes a session; no connection is opened.
    pub fn new(settings: Settings) -> Self {
        Self::with_engine(settings, bare_engine(Docs::Dropped))
    }

    /// Lets go of its variables and closes its connection: the daemon hears that this client has gone.
    pub fn close(&mut self) {
        self.scope.clear();
        self.context.connection().close();
    }

    /// Makes a session on an interpreter that [`bare_engine`] made.
    pub fn with_engine(settings: Settings, mut engine: Engine) -> Self {
        let Settings { door, permissions, uri, args, folder, library, view, history } = settings;
        let modules = Arc::new(Modules::new(folder.clone(), library));
        let context =
            Arc::new(Context::new(door, permissions, uri, args).with_view(view).with_history(history));
        let mut scope = Scope::new();
        scope.push("args", context.args());
        connect(&mut engine, &context, &modules);
        Self {
            engine,
            scope,
            functions: AST::empty(),
            context,
            modules,
            sources: HashMap::new(),
            evaluated: String::new(),
            closures: HashMap::new(),
            added: BTreeMap::new(),
        }
    }

    /// Evaluates a source; `name` is what errors call it.
    ///
    /// Errors: what the script did not catch. Variables and functions that were made before it
    /// failed stay.
    pub fn eval(&mut self, name: &str, text: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let ast = self.compile(name, text)?;
        self.run(&ast)
    }

    /// Parses a source without running it.
    pub fn compile(&mut self, name: &str, text: &str) -> Result<AST, ParseError> {
        if text.contains("virsh::") {
            self.offer_virsh();
        }
        self.sources.insert(name.into(), text.into());
        self.evaluated = name.into();
        let mut ast = compile(&self.engine, &self.scope, &parsable(text))?;
        ast.set_source(name);
        let closures = ast.iter_functions().map(|f| f.name).filter(|name| is_closure(name));
        self.closures.extend(closures.map(|closure| (closure.to_owned(), name.to_owned())));
        Ok(ast)
    }

    /// Refuses columns that what a source gives does not have, as far as its type can be told without running it.
    ///
    /// Errors: `usage` with the nearest column.
    pub fn check_columns(&self, text: &str, names: &[String]) -> Result<(), Error> {
        let given = type_of_program(text, &self.scope, &self.catalog());
        let object = match &given {
            Type::Array(element) => element,
            one => one,
        };
        let Some(known) = api::default_columns(object.name()) else { return Ok(()) };
        let wrong = names.iter().find(|name| !known.contains(&name.as_str()));
        wrong.map_or(Ok(()), |name| Err(unknown_column(name, &known)))
    }

    fn run(&mut self, ast: &AST) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut merged = self.functions.merge(ast);
        if let Some(source) = ast.source() {
            merged.set_source(source);
        }
        if !ast.doc().is_empty() {
            self.context.set_script_doc(comment_text(ast.doc()));
        }
        let (engine, scope) = (&self.engine, &mut self.scope);
        let outcome = quietly(|| engine.eval_ast_with_scope::<Dynamic>(scope, &merged))
            .unwrap_or_else(|| Err(interpreter_failed()));
        // Kept even after a failure: a variable may hold a closure of this source by now.
        self.functions = self.functions.merge(ast);
        self.functions.clear_statements();
        self.keep_imports(ast);
        outcome
    }

    /// Imports live as long as one evaluation; the modules of this one are there for the next ones too.
    fn keep_imports(&mut self, ast: &AST) {
        for (path, alias) in crate::lang::imports::of(ast) {
            // A module that cannot be loaded has failed the evaluation already.
            if let Ok(module) = self.modules.load(&self.engine, ast.source(), &path) {
                self.add(alias, module);
            }
        }
    }

    /// Registers the commands of virsh as functions, `virsh::list(#{ all: true })`: they are many, and most
    /// sources call none.
    fn offer_virsh(&mut self) {
        if !self.added.contains_key("virsh") {
            self.add("virsh".into(), crate::virsh::functions(&self.modules).into());
        }
    }

    fn add(&mut self, name: String, module: Shared<Module>) {
        self.engine.register_static_module(&name, module.clone());
        self.added.insert(name, module);
    }

    /// Makes an engine with the documentation of everything that this one can call.
    pub fn documented_engine(&self) -> Engine {
        documented(&self.added)
    }

    /// Everything that this session can call; see [`catalog`].
    pub fn catalog(&self) -> Catalog {
        self.to_catalog()()
    }

    /// Returns what makes the catalog, for a thread of its own.
    pub fn to_catalog(&self) -> impl FnOnce() -> Catalog + Send + use<> {
        let added = self.added.clone();
        move || catalog(&documented(&added))
    }

    /// Gives the last value its name, `it`.
    pub fn remember(&mut self, value: Dynamic) {
        self.scope.set_value("it", value);
    }

    /// Sends what `print` writes somewhere else than to standard output.
    pub fn on_print(&mut self, write: impl Fn(&str) + Send + Sync + 'static) {
        self.engine.on_print(write);
    }

    /// Sends what `print` writes to standard output, as at the beginning.
    pub fn print_to_stdout(&mut self) {
        print_to_stdout(&mut self.engine, &self.context);
    }

    /// The interpreter.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The variables.
    pub fn scope(&self) -> &Scope<'static> {
        &self.scope
    }

    /// The functions of all sources so far.
    pub fn functions(&self) -> &AST {
        &self.functions
    }

    /// What native functions know of the session.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// How modules are found.
    pub fn modules(&self) -> &Arc<Modules> {
        &self.modules
    }

    /// The default connection.
    pub fn connection(&self) -> Connection {
        self.context.connection()
    }

    /// The wish that the run should end.
    pub fn interrupt(&self) -> &Interrupt {
        self.context.door().interrupt()
    }
}

impl Sources for Session {
    fn main(&self) -> &str {
        &self.evaluated
    }

    /// Evaluated here, embedded, or a file.
    fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.sources.get(name) {
            return Some(text.clone());
        }
        if let Some(text) = stdlib::source_of_file(name) {
            return Some(text.into_owned());
        }
        std::fs::read_to_string(name).ok()
    }

    fn written(&self, file: &str, position: Position) -> Position {
        self.modules.written(file, position)
    }

    fn is_embedded(&self, name: &str) -> bool {
        !self.sources.contains_key(name) && crate::stdlib::source_of_file(name).is_some()
    }

    fn home(&self, closure: &str) -> Option<&str> {
        self.closures.get(closure).map(String::as_str)
    }

    fn hint(&self, failure: &EvalAltResult) -> Option<String> {
        hint::hint(failure, self)
    }
}

/// A panic in the interpreter must not take the session with it.
#[allow(clippy::unnecessary_box_returns, reason = "what every evaluation of Rhai fails with")]
fn interpreter_failed() -> Box<EvalAltResult> {
    Error::new("internal_error", "the interpreter failed on this program")
        .hint("this is a fault of virhai or of Rhai: please report the program; `virhai check` may name the cause")
        .into()
}

/// The lines of a comment without their `//!` and the blank after it.
fn comment_text(doc: &str) -> String {
    let line = |line: &str| {
        let line = line.strip_prefix("//!").unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()
    };
    doc.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Parses a text. Rhai's optimizer panics on some wrong programs (assigning to a constant's property);
/// those are parsed without it, and fail when they run.
fn compile(engine: &Engine, scope: &Scope<'_>, text: &str) -> Result<AST, ParseError> {
    quietly(|| engine.compile_with_scope(scope, text)).unwrap_or_else(|| {
        let mut plain = Engine::new_raw();
        plain.set_optimization_level(OptimizationLevel::None);
        plain.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
        plain.compile_with_scope(scope, text)
    })
}

/// Runs something that may panic; `None` when it did, without a word on stderr.
fn quietly<T>(f: impl FnOnce() -> T) -> Option<T> {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let shown = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                shown(info);
            }
        }));
    });
    QUIET.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    QUIET.set(false);
    outcome.ok()
}

/// Tells an interpreter which session it serves.
fn connect(engine: &mut Engine, context: &Arc<Context>, modules: &Arc<Modules>) {
    engine.set_module_resolver(Resolver(modules.clone()));
    engine.set_default_tag(Dynamic::from(context.clone()));
    let interrupt = context.door().interrupt().clone();
    engine.on_progress(move |operations| {
        if operations % OPERATIONS_PER_LOOK != 0 {
            return None;
        }
        interrupt.reason().map(|reason| Dynamic::from(reason.error()))
    });
    print_to_stdout(engine, context);
    engine.on_debug(|text, source, position| {
        output::err(&format!("{}{position}: {text}\n", source.map(|s| format!("{s}:")).unwrap_or_default()));
    });
}

fn print_to_stdout(engine: &mut Engine, context: &Context) {
    let closed = context.door().interrupt().clone();
    engine.on_print(move |text| api::show::write(&format!("{text}\n"), &closed));
}

/// An engine with everything that scripts see but no session: for the catalog, `check` and the reference with its
/// documentation.
pub fn bare_engine(docs: Docs) -> Engine {
    let mut engine = Engine::new();
    // The interner's lock serialises threads and costs more than it saves.
    engine.set_max_strings_interned(0);
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    engine.set_strict_variables(true);
    api::register(&mut engine, docs);
    engine
}

fn documented(added: &BTreeMap<String, Shared<Module>>) -> Engine {
    let mut engine = bare_engine(Docs::Kept);
    for (name, module) in added {
        engine.register_static_module(name, module.clone());
    }
    engine
}

/// Gives an engine the commands of virsh as functions: they are many, and most sources call none.
pub fn offer_virsh(engine: &mut Engine, modules: &Arc<Modules>) {
    engine.register_static_module("virsh", crate::virsh::functions(modules).into());
}

/// Everything callable, with its documentation, which the engine must have kept: what help, completion, `check` and the
/// reference read.
///
/// Takes some milliseconds, so it is made when it is first needed.
pub fn catalog(engine: &Engine) -> Catalog {
    let tables = api::option_tables();
    let mut catalog = Catalog::from_engine(engine, &tables);
    for table in tables {
        // The global form of a finder takes what the method of a connection takes.
        if let Some(global) = table.function.strip_prefix("Connection.")
            && catalog.function("", global).is_some()
        {
            catalog.share_table(global, table);
        }
    }
    for name in stdlib::modules() {
        // They are there and parse, or the tests of the library fail.
        if let Some(Ok(ast)) = stdlib::source(name).map(|text| engine.compile(text.as_ref())) {
            catalog.add_module(name, &ast);
        }
    }
    catalog
}

#[cfg(test)]
mod tests;
