//! The statements of a script, in order.

use std::collections::HashSet;

use rhai::{AST, ASTFlags, Engine, Expr, Position, Stmt};

use super::modules::{Import, Imports, ModuleLookup};
use super::program::{Function, Program, earlier_functions};
use super::scope::Frame;
use super::typing::element_of;
use super::{Finding, Surroundings, Text, did_you_mean};
use crate::lang::catalog::Catalog;
use crate::lang::suggest;
use crate::lang::types::Type;

/// Follows a script once, from top to bottom, and then each of its functions.
pub(super) struct Checker<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) catalog: &'a Catalog,
    pub(super) program: &'a Program,
    pub(super) imports: &'a Imports,
    pub(super) modules: &'a dyn ModuleLookup,
    /// Functions that exist already.
    pub(super) earlier: &'a [Function],
    pub(super) frame: Frame,
    /// Variables of the top level, which functions do not see.
    top_level: HashSet<String>,
    pub(super) findings: Vec<Finding>,
}

/// Walks a parsed script.
pub(super) fn check(
    ast: &AST,
    text: &Text,
    file: &str,
    catalog: &Catalog,
    modules: &dyn ModuleLookup,
    engine: &Engine,
    surroundings: &Surroundings,
) -> Vec<Finding> {
    let program = Program::new(ast);
    let imports = Imports::new(&program.facts, surroundings, file, modules, engine, catalog);
    let earlier = surroundings.functions.map(earlier_functions).unwrap_or_default();
    let mut checker = Checker {
        text,
        catalog,
        program: &program,
        imports: &imports,
        modules,
        earlier: &earlier,
        frame: Frame::default(),
        top_level: HashSet::from(["args".to_string()]),
        findings: Vec::new(),
    };
    checker.top_level(surroundings);
    for function in &program.functions {
        checker.function(function);
    }
    checker.findings
}

impl Checker<'_> {
    fn top_level(&mut self, surroundings: &Surroundings) {
        self.frame.declare("args", Type::array_of(Type::Any));
        for (name, _, value) in surroundings.scope.iter().flat_map(|scope| scope.iter()) {
            let type_ = self.variable_type(name, self.catalog.type_of(&value));
            self.frame.declare(name, type_);
        }
        for statement in &self.program.statements {
            if let Stmt::Var(variable, ..) = statement {
                self.top_level.insert(variable.0.name.to_string());
            }
        }
        self.top_level.extend(self.frame.names().map(str::to_string).collect::<Vec<_>>());
        self.statements(&self.program.statements);
    }

    fn function(&mut self, function: &Function) {
        self.frame = Frame::of_function(function.this.clone().unwrap_or(Type::Any));
        for param in &function.params {
            self.frame.declare(param, Type::Any);
        }
        self.statements(&function.body);
    }

    pub(super) fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Follows the statements of a block, whose variables end with it; returns the type of its value.
    pub(super) fn block<'s>(&mut self, statements: impl IntoIterator<Item = &'s Stmt>) -> Type {
        let mark = self.frame.enter();
        let value = self.statements(statements);
        self.frame.leave(mark);
        value
    }

    pub(super) fn statements<'s>(&mut self, statements: impl IntoIterator<Item = &'s Stmt>) -> Type {
        let mut value = Type::Nothing;
        for statement in statements {
            value = self.statement(statement);
        }
        value
    }

    fn statement(&mut self, statement: &Stmt) -> Type {
        match statement {
            Stmt::Expr(expr) => return self.expr(expr),
            Stmt::FnCall(call, position) => return self.function_call(call, *position),
            Stmt::Block(block) => return self.block(block.iter()),
            Stmt::If(flow, _) => {
                self.expr(&flow.expr);
                let then = self.block(flow.body.iter());
                return then.join(self.block(flow.branch.iter()));
            }
            Stmt::Switch(switch, _) => return self.switch(&switch.0, &switch.1),
            Stmt::While(flow, _) => {
                self.expr(&flow.expr);
                self.block(flow.body.iter());
                return Type::Any;
            }
            Stmt::Do(flow, ..) => {
                self.block(flow.body.iter());
                self.expr(&flow.expr);
                return Type::Any;
            }
            Stmt::For(parts, _) => {
                let (variable, counter, flow) = &**parts;
                let element = self.element_of(&flow.expr);
                let mark = self.frame.enter();
                self.declare(&variable.name, element);
                if let Some(counter) = counter {
                    self.declare(&counter.name, Type::Int);
                }
                self.block(flow.body.iter());
                self.frame.leave(mark);
                return Type::Any;
            }
            Stmt::Var(parts, flags, _) => {
                let type_ = self.expr(&parts.1);
                self.declare(&parts.0.name, type_);
                if flags.contains(ASTFlags::CONSTANT) {
                    self.frame.make_constant();
                }
            }
            Stmt::Assignment(parts) => self.assignment(&parts.1.lhs, &parts.1.rhs),
            Stmt::TryCatch(flow, _) => {
                self.block(flow.body.iter());
                let mark = self.frame.enter();
                if let Expr::Variable(variable, ..) = &flow.expr {
                    self.frame.declare(&variable.1, Type::Any);
                }
                self.block(flow.branch.iter());
                self.frame.leave(mark);
            }
            Stmt::BreakLoop(Some(value), ..) => {
                self.expr(value);
            }
            Stmt::Return(value, flags, _) => {
                if let Some(value) = value {
                    self.expr(value);
                }
                // What ends here has no value that could differ from the other branch's.
                return if flags.contains(ASTFlags::BREAK) { Type::Any } else { Type::Nothing };
            }
            Stmt::Import(parts, _) => {
                self.expr(&parts.0);
                self.import(&parts.0);
            }
            Stmt::Export(parts, _) => {
                self.variable(&parts.0.name, parts.0.pos);
            }
            _ => {}
        }
        Type::Nothing
    }

    fn switch(&mut self, value: &Expr, cases: &rhai::SwitchCasesCollection) -> Type {
        self.expr(value);
        let mut result = None;
        for case in &cases.expressions {
            self.expr(&case.lhs);
            let type_ = self.expr(&case.rhs);
            result = Some(match result {
                None => type_,
                Some(known) => Type::join(known, type_),
            });
        }
        result.filter(|_| cases.def_case.is_some()).unwrap_or(Type::Any)
    }

    /// Declares a variable with the type that it certainly keeps.
    pub(super) fn declare(&mut self, name: &str, type_: Type) {
        let type_ = self.variable_type(name, type_);
        self.frame.declare(name, type_);
    }

    fn variable_type(&self, name: &str, type_: Type) -> Type {
        let facts = &self.program.facts;
        match type_ {
            _ if facts.assigned.contains(name) || facts.evaluates => Type::Any,
            Type::Array(_) if facts.filled.contains(name) => Type::array_of(Type::Any),
            type_ => type_,
        }
    }

    /// Returns the type of a variable that is used, and reports one that does not exist.
    pub(super) fn variable(&mut self, name: &str, position: Position) -> Type {
        if let Some(known) = self.frame.get(name) {
            return known.clone();
        }
        if self.program.named(name).next().is_some()
            || self.earlier.iter().any(|earlier| earlier.name == name)
        {
            return Type::Closure;
        }
        let facts = &self.program.facts;
        if !facts.evaluates && !facts.probed.contains(name) {
            let hint = self.missing_variable_hint(name);
            let message = format!("there is no variable `{name}`");
            let finding = self.text.finding(position, "unknown_variable", message).maybe(hint);
            self.report(finding);
        }
        // One finding for each name and scope is enough.
        self.frame.declare(name, Type::Any);
        Type::Any
    }

    fn missing_variable_hint(&self, name: &str) -> Option<String> {
        if self.frame.in_function && name == "args" && self.catalog.function("", "args").is_some() {
            return Some("inside functions the script's arguments are `args()`".into());
        }
        if self.frame.in_function && self.top_level.contains(name) {
            return Some(format!(
                "functions do not see the variables around them: pass `{name}` as a parameter"
            ));
        }
        if self.catalog.function("", name).is_some() {
            return Some(format!("did you mean the call `{name}()`?"));
        }
        did_you_mean(suggest::nearest(name, self.frame.names()))
    }

    fn import(&mut self, path: &Expr) {
        let Expr::StringConstant(path, position) = path else { return };
        let finding = match self.imports.path(path) {
            Some(Import::Missing) => {
                let names = self.modules.names();
                let known = names.iter().map(String::as_str).chain(self.catalog.modules());
                self.text
                    .finding(*position, "unknown_module", format!("there is no module `{path}`"))
                    .maybe(did_you_mean(suggest::nearest(path, known)))
            }
            Some(Import::Broken(reason)) => self
                .text
                .finding(*position, "broken_module", format!("the module `{path}` does not parse: {reason}"))
                .hint("check the module's own file"),
            _ => return,
        };
        self.report(finding);
    }

    /// Returns the type of what a `for` loop over a value gives.
    fn element_of(&mut self, iterated: &Expr) -> Type {
        let type_ = self.expr(iterated);
        element_of(&type_, self.catalog)
    }
}
