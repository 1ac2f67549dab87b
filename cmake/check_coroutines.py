#!/usr/bin/env python3
"""Finds the coroutine expressions that g++ 12 miscompiles. Usage: check_coroutines.py FILE...

In one full expression, g++ 12.2 does not get these right beside a co_await (double frees, jumps into nowhere, or no
compilation at all, at every level of optimisation):

  - a lambda that captures by value,
  - a braced initializer, be it empty: of an aggregate with members that own something,
  - the same as the default argument of a coroutine, or of what takes a completion token after it: the caller's co_await
    then stands beside it,
  - a conditional expression whose operands own something: its result is destroyed twice,
  - the co_await being the condition of an if, while or switch.

The cure is to give the value a name on the line above, or to write `type()` for an empty one. This check reads tokens,
not types, so it is a little stricter than the compiler is wrong; and it does not see that `type(a, b)` is an aggregate.
"""
import re
import sys

TOKEN = re.compile(r'''[A-Za-z_]\w*|\d[\w.']*|->|::|\[\[|\]\]|&&|\|\||[-+*/%<>=!&|^~?:;,.(){}\[\]]''')
BLANKED = re.compile(r'''R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:\\\n|[^\n])*''',
                     re.S | re.M)

# A brace after one of these begins a block; after anything else it begins an initializer.
BEFORE_BLOCK = {')', ']', ';', '{', '}', ':', 'else', 'do', 'try', 'const', 'override', 'final', 'noexcept', 'mutable'}
DECLARES_SCOPE = {'namespace', 'struct', 'class', 'union', 'enum', 'requires', 'extern'}
CONDITIONS = {'if', 'while', 'switch'}

DEFAULT_ARGUMENT = 'a default argument in braces'


def tokens_of(text):
    # Literals become one word, so that what stands in them is not read; line breaks stay, so that lines can be named.
    def blank(match):
        word = match[0]
        filler = '0' if word[0] in 'R"\'' else ' '
        return filler + re.sub(r'[^\n]', ' ', word[1:])
    text = BLANKED.sub(blank, text)
    line, last, found = 1, 0, []
    for match in TOKEN.finditer(text):
        line += text.count('\n', last, match.start())
        last = match.start()
        found.append((match[0], line))
    return found


class Expression:
    """What matters of one full expression."""

    def __init__(self):
        self.awaits = None   # the line of its first co_await
        self.faults = []     # (line, what)
        self.depth = 0       # of parentheses around what is being read
        self.declares_awaitable = False


class Reader:
    def __init__(self, text):
        self.tokens = tokens_of(text)
        self.at = 0
        self.found = []

    def word(self, offset=0):
        index = self.at + offset
        return self.tokens[index][0] if 0 <= index < len(self.tokens) else ''

    def line(self):
        return self.tokens[self.at][1]

    def close(self, expression):
        if expression.awaits is not None:
            self.found += [(line, what) for line, what in expression.faults]

    def block(self):
        """Reads statements up to the brace that ends the block, or the end of the file."""
        expression = Expression()
        while self.at < len(self.tokens) and self.word() != '}':
            if self.word() == ';':
                self.close(expression)
                expression = Expression()
                self.at += 1
            elif self.word() == '{' and self.begins_block():
                in_lambda = self.in_lambda(expression)
                self.at += 1
                self.block()
                if not in_lambda:
                    self.close(expression)
                    expression = Expression()
            else:
                self.part(expression)
        self.close(expression)
        self.at += 1

    def part(self, expression):
        """Reads one token of an expression, or a bracketed part of it."""
        word = self.word()
        if word == 'co_await':
            expression.awaits = expression.awaits or self.line()
            self.at += 1
        elif word == '(' and self.word(-1) in CONDITIONS | {'constexpr', 'for'}:
            self.condition()
        elif word == '(':
            self.at += 1
            expression.depth += 1
            self.inside(expression, ')')
            expression.depth -= 1
        elif word == '[[':
            while self.at < len(self.tokens) and self.word() != ']]':
                self.at += 1
            self.at += 1
        elif word == '[':
            self.square(expression)
        elif word == '{':
            self.initializer(expression)
        elif word == '?':
            expression.faults.append((self.line(), 'a conditional expression'))
            self.at += 1
        else:
            if word.endswith('awaitable') and expression.depth == 0:
                expression.declares_awaitable = True
            self.at += 1

    def inside(self, expression, closer, initializer=False):
        while self.at < len(self.tokens) and self.word() != closer:
            if self.word() == '{' and self.begins_block(initializer):  # the body of a lambda
                self.at += 1
                self.block()
            else:
                self.part(expression)
        self.at += 1

    def condition(self):
        """Reads what stands in the parentheses of if, while, switch or for: expressions of their own."""
        decides = self.word(-1) != 'for'
        begin, line = self.at + 1, self.line()
        expression = Expression()
        self.at += 1
        declares = False
        while self.at < len(self.tokens) and self.word() != ')':
            if self.word() == ';':
                self.close(expression)
                expression, declares = Expression(), True
                self.at += 1
            else:
                self.part(expression)
        words = [word for word, _ in self.tokens[begin:self.at]]
        declares = declares or self.is_declaration(words)
        if decides and expression.awaits is not None and not declares:
            expression.faults.append((line, 'the condition of a statement'))
        self.close(expression)
        self.at += 1

    @staticmethod
    def is_declaration(words):
        text = ' '.join(words).replace(' :: ', '::')
        return re.match(r'(const )?[\w:]+( < .*? >)?( const)?( &&?| \*)? \w+ = ', text) is not None

    def square(self, expression):
        line = self.line()
        lambda_here = not re.match(r'[A-Za-z_]\w*$|[)\]]$', self.word(-1)) or self.word(-1) in ('return', 'co_return', 'co_await', 'co_yield')
        begin = self.at + 1
        self.at += 1
        self.inside(Expression() if lambda_here else expression, ']')
        if lambda_here and self.captures_values([word for word, _ in self.tokens[begin:self.at - 1]]):
            expression.faults.append((line, 'a lambda that captures by value'))

    @staticmethod
    def captures_values(words):
        depth, starts = 0, [0] if words else []
        for index, word in enumerate(words):
            depth += (word in '([{') - (word in ')]}')
            if word == ',' and depth == 0:
                starts.append(index + 1)
        return any(words[start] not in ('&', 'this') for start in starts if start < len(words))

    def initializer(self, expression):
        awaited = expression.declares_awaitable or self.stands_before_token()
        if awaited and expression.depth > 0 and self.is_default_argument():
            self.found.append((self.line(), DEFAULT_ARGUMENT))
        expression.faults.append((self.line(), 'a braced initializer'))
        self.at += 1
        self.inside(expression, '}', initializer=True)

    def is_default_argument(self):
        offset = -1
        while re.match(r'[A-Za-z_]\w*$|::$', self.word(offset)):
            offset -= 1
        return self.word(offset) == '='

    def stands_before_token(self):
        """Whether a completion token follows in the same list of parameters: what is called there is awaited as well."""
        offset, depth = 1, 0
        while self.word(offset) and depth >= 0:
            word = self.word(offset)
            depth += (word in ('(', '{')) - (word in (')', '}'))
            if depth == -1 and word == '}':
                depth = 0  # The brace that ends this initializer.
            if depth == 0 and word == 'token' and self.word(offset - 1) == '&&':
                return True
            offset += 1
        return False

    def begins_block(self, in_initializer=False):
        before = self.word(-1)
        if before in BEFORE_BLOCK:
            return not (in_initializer and before in ('{', '}', ';', ':'))
        return self.follows_scope_or_return_type()

    def follows_scope_or_return_type(self):
        """Whether `-> type {` or `struct name : base {` or the like stands before this brace."""
        offset, depth = -1, 0
        while self.at + offset >= 0:
            word = self.word(offset)
            depth += (word == '>') - (word == '<')
            if word == '->' and self.word(offset - 1) in (')', 'mutable', 'noexcept', 'const', ']'):
                return True
            if word in DECLARES_SCOPE:
                return True
            if depth <= 0 and word in (';', '{', '}', '(', ')', '=', 'return', 'co_return', 'co_await', ','):
                return False
            offset -= 1
        return False

    def in_lambda(self, expression):
        """Whether the block that begins here is the body of a lambda in an expression, and not a statement of its own."""
        offset, depth = -1, 0
        while self.at + offset >= 0:
            word = self.word(offset)
            if word in ')]':
                depth += 1
            elif word in '([':
                depth -= 1
                if depth == 0 and word == '[':
                    return True
                if depth < 0:
                    return False
            elif depth == 0 and word in (';', '{', '}'):
                return False
            offset -= 1
        return False


def faults_in(text):
    reader = Reader(text)
    while reader.at < len(reader.tokens):
        reader.block()
    return sorted(set(reader.found))


def cure(what):
    return 'write `= type()`' if what == DEFAULT_ARGUMENT else 'name the value on the line above'


def main(paths):
    bad = False
    for path in paths:
        with open(path, encoding='utf-8') as file:
            for line, what in faults_in(file.read()):
                print(f'{path}:{line}: co_await beside {what}, which g++ 12 miscompiles: ' + cure(what))
                bad = True
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
