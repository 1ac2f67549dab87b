#!/usr/bin/env python3
"""What check_coroutines.py must find, and what it must leave alone."""
import sys

from check_coroutines import faults_in

BAD = {
    'condition of an if': 'awaitable<void> f() { if (co_await ready()) go(); }',
    'negated condition of a while': 'awaitable<void> f() { while (!co_await done()) { step(); } }',
    'switch': 'awaitable<void> f() { switch (co_await kind()) { case 1: break; } }',
    'comparison in an if': 'awaitable<void> f() { int n = 0; if (n == co_await count()) go(); }',
    'capture by copy in an argument': 'awaitable<void> f(int x) { co_await post([x] { use(x); }); }',
    'capture of everything by copy': 'awaitable<void> f(int x) { co_await post([=]() mutable { use(x); }); }',
    'init capture': 'awaitable<void> f(P p) { co_await post([p = std::move(p)] { use(p); }); }',
    'mixed captures': 'awaitable<void> f(int x, int y) { co_await post([&x, y] { use(x, y); }); }',
    'spawn with the executor awaited': 'void g() { co_spawn(co_await this_coro::executor, [x]() -> awaitable<void> { co_return; }, detached); }',
    'designated initializer': 'awaitable<void> f() { co_await open({.a = 1, .b = 2}); }',
    'typed aggregate': 'awaitable<void> f() { co_await open(options{x, y}); }',
    'await inside an initializer': 'awaitable<void> f() { thing t{.n = co_await count(), .m = 2}; }',
    'after co_return': 'awaitable<thing> f() { co_return thing{co_await count()}; }',
    'list of strings': 'awaitable<void> f() { co_await send({"a", "b"}); }',
    'nested lists': 'awaitable<void> f() { co_await send({{"a", 1}, {"b", 2}}); }',
    'empty typed braces': 'awaitable<void> f() { co_await open(options{}); }',
    'empty braces': 'awaitable<void> f() { co_await open({}); }',
    'default argument': 'awaitable<void> f(options with = {});',
    'conditional expression': 'awaitable<void> f() { co_await g(cancelled ? nullptr : failure); }',
    'default argument before a token': 'template <typename Token> auto f(int n, options with = {}, Token&& token = {}) { return 0; }',
    'typed default argument': 'loop_awaitable<std::optional<int>> f(int n, const a::options& with = a::options{}) { co_return n; }',
    'over several lines': 'awaitable<void> f() {\n  co_await open(\n      "name",\n      {1, 2});\n}',
    'inside a lambda body': 'void f() { spawn([&]() -> awaitable<void> { co_await open({1}); }); }',
}
GOOD = {
    'named above': 'awaitable<void> f() { const auto n = co_await count(); if (n) go(); }',
    'declared in the condition': 'awaitable<void> f() { if (const auto n = co_await count()) go(n); }',
    'initializer of the if': 'awaitable<void> f() { if (const auto n = co_await count(); n > 1) go(n); }',
    'capture by reference': 'awaitable<void> f(int x) { co_await post([&] { use(x); }); }',
    'captures by name and reference': 'awaitable<void> f(int x) { co_await post([&x] { use(x); }); }',
    'no capture': 'awaitable<void> f() { co_await post([] { use(1); }); }',
    'class temporary in parentheses': 'awaitable<void> f() { co_await open(options(1, 2)); }',
    'empty parentheses': 'awaitable<void> f() { co_await open(options()); }',
    'default argument in parentheses': 'awaitable<void> f(options with = options());',
    'conditional expression on the line above': 'awaitable<void> f() { auto why = cancelled ? nullptr : failure; co_await g(why); }',
    'default token': 'template <typename Token> auto f(options with = options(), Token&& token = {}) { return 0; }',
    'default argument of a plain function': 'void add(std::function<awaitable<void>()> body, options with = {});',
    'default member initializer': 'struct s { awaitable<void>* task = {}; options with = {}; };',
    'awaitable held by a local variable': 'void f() { awaitable<void> task = make(1); options with{1}; }',
    'the lambda named above': 'awaitable<void> f(int x) { auto body = [x] { use(x); }; co_await post(body); }',
    'braces in another statement': 'awaitable<void> f() { options o{1, 2}; co_await open(std::move(o)); }',
    'range for': 'awaitable<void> f() { for (const auto& x : co_await list()) use(x); }',
    'block after an awaiting statement': 'awaitable<void> f() { co_await wait(); { int x{1}; use(x); } }',
    'subscript': 'awaitable<void> f() { use(table[co_await index()]); }',
    'awaiting inside a captured lambda': 'void f(int x) { run([x]() -> awaitable<void> { co_await wait(x); }); }',
    'words in a string': 'void f() { say("if (co_await x) {1}"); }',
    'words in a comment': 'void f() { /* if (co_await x()) */ g(); } // co_await f({1})',
    'class with an initialised member': 'struct s { int a{1}; awaitable<void> f() { co_await g(); } int b{2}; };',
    'attribute': 'awaitable<void> f() { [[maybe_unused]] auto x = co_await g(); }',
}


def main():
    wrong = [f'missed: {name}' for name, text in BAD.items() if not faults_in(text)]
    wrong += [f'false alarm: {name}: {faults_in(text)}' for name, text in GOOD.items() if faults_in(text)]
    for line in wrong:
        print('check_coroutines_test: ' + line)
    print(f'check_coroutines_test: {len(BAD) + len(GOOD) - len(wrong)} passed, {len(wrong)} failed')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
