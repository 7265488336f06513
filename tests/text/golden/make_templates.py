# Renders templates of our own by Jinja with transformers' settings and writes templates.json beside this file:
#   python3 make_templates.py        (jinja2 3.1)
import json
import pathlib

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = [
    # white space around tags
    " \n  {% if true %}  \n x {%+ if true %}y{% endif +%}\n\n  {# c #}\n z {{- 'q' -}}   \n w{% endif %}\n\n",
    "{#- gone -#}  a\n  {%- if 1 %}  b  {%- endif %}\n\tc {% if 0 %}d{% else %}\n e{% endif %}",
    "a\r\nb\r\n{% if 1 %}\r\nc{% endif %}\r\n",
    # precedence
    "{{ 1 + 2 * 3 - 4 // 3 }}|{{ 1 ~ 5 % 3 ~ 2 * 2 }}|{{ -2 + 3 }}|{{ not 1 == 2 and 2 > 1 or false }}|{{ 7 / 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}",
    "{{ 'a' + 'b' | upper + 'c' }}|{{ ('a' + 'b') | upper }}|{{ 1 if false else 2 if true else 3 }}|{{ 'x' if 0 }}",
    "{{ not x is defined }}|{{ x is not defined }}|{{ 2 is odd or 3 is odd }}|{{ 'b' in 'abc' and 'z' not in ['a'] }}",
    "{{ 1 == 1.0 }}|{{ true == 1 }}|{{ 'a' != none }}|{{ [1, 2] == [1, 2] }}|{{ {'a': 1} == {'a': 1} }}|{{ 2 <= 2 }}|{{ 'a' < 'b' }}",
    # values as text
    "{{ none }}|{{ true }}|{{ 1.5 }}|{{ [1, 'a', none, [true]] }}|{{ {'k': \"it's\"} }}|{{ nothing }}|{{ 'it\\'s \\n \\u00e9 \\x41' }}",
    "{{ messages | tojson }}|{{ {'a': [1, 2.5, none, 'é\"']} | tojson(indent=2) }}|{{ [] | tojson(indent=4) }}",
    # lists, slices, strings
    "{{ messages[-1].role }}|{{ messages[1:] | length }}|{{ messages[::-1][0]['role'] }}|{{ 'abcdef'[1:4] }}|{{ 'äöü'[::-1] }}|{{ 'abc'[5] }}",
    "{{ [1,2,3,4][::2] }}|{{ [1,2,3][5:] }}|{{ [1,2,3][-2:] }}|{{ [1,2,3][:-1] }}|{{ [1,2,3][2:0:-1] }}|{{ ([1] + [2]) | join('-') }}",
    "{{ '  a b\\u3000'.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xxaxx'.lstrip('x') }}|{{ 'a\\n\\n'.rstrip('\\n') }}|{{ ' \\x1c a' | trim }}",
    "{{ 'a,b,,c'.split(',') }}|{{ ' a  b '.split() }}|{{ 'a<t>b<t>c'.split('<t>')[-1] }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'aXbX'.replace('X', 'yy') }}",
    "{{ 'abc'.startswith('ab') }}|{{ 'abc'.endswith('x') }}|{{ 'hello world'.title() }}|{{ 'hELLO' | capitalize }}|{{ 'a'.upper() ~ 'B'.lower() }}",
    # loops
    "{% for m in messages %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.length }}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}:{{ m.role }};{% endfor %}",
    "{% for m in messages if m.role != 'system' %}{{ loop.index0 }}{{ m['role'] }}{% else %}none{% endfor %}|{% for x in [] %}{% else %}none{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{% endfor %}|{% for k in {'x': 1} %}{{ k }}{% endfor %}|{% for c in 'ab' %}<{{ c }}>{% endfor %}",
    "{% for i in range(1, 9, 3) %}{% if i == 7 %}{% break %}{% endif %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}{{ range(3) | list }}",
    "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = i + 5 %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(n=0, found=false) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% if m.role == 'user' %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.n }}{{ ns.found }}",
    "{% for m in messages %}{% if loop.previtem is defined %}{{ loop.previtem.role[0] }}{% endif %}{% if not loop.last %}{{ loop.nextitem.role[0] }}{% endif %};{% endfor %}",
    # filters
    "{{ messages | map(attribute='role') | join(', ') }}|{{ messages | selectattr('role', 'equalto', 'user') | list | length }}|{{ messages | rejectattr('role', 'eq', 'user') | map(attribute='content') | first }}",
    "{{ nothing | default('d') }}|{{ '' | default('d') }}|{{ '' | default('d', true) }}|{{ [3, 1] | last }}|{{ 'é' | length }}|{{ {'a': 1} | items | list | length }}|{{ 5 | string + '!' }}",
    # set, macro, blocks
    "{% set a, b = 1, [2, 3] %}{{ a }}{{ b }}{% set q %}block {{ a + 1 }}{% endset %}{{ q | upper }}{% generation %}g{% endgeneration %}",
    "{% macro m(x, y='d') %}<{{ x }}{{ y }}>{% endmacro %}{{ m(1) }}{{ m('a', y=2) }}{{ m(x='k') | upper }}",
    # what templates refuse
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system turns: ' + messages[0].content) }}{% endif %}",
    "{{ nothing.member }}",
    "{{ 'a' + 1 }}",
    "{{ messages.unknown is defined }}|{{ messages[0].missing is none }}|{{ messages[0].missing }}|{{ messages[9] is defined }}",
    "{% if tools is defined and tools is not none %}t{% elif messages | length > 2 %}many{% else %}few{% endif %}{{ add_generation_prompt }}",
]
VALUES = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": " Hi "},
        {"role": "assistant", "content": "Hello"},
    ],
    "add_generation_prompt": False,
}


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def refuse(text):
    raise jinja2.exceptions.TemplateError(text)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, Generation])
environment.globals["raise_exception"] = refuse
environment.filters["tojson"] = lambda x, indent=None: json.dumps(x, ensure_ascii=False, indent=indent)
cases = []
for source in TEMPLATES:
    case = {"source": source}
    try:
        case["text"] = environment.from_string(source).render(**VALUES)
    except jinja2.exceptions.TemplateError as failure:
        case["refused" if type(failure) is jinja2.exceptions.TemplateError else "error"] = str(failure)
    except TypeError as failure:
        case["error"] = str(failure)
    cases.append(case)
target = pathlib.Path(__file__).with_name("templates.json")
target.write_text(json.dumps({"values": VALUES, "cases": cases}, ensure_ascii=False, indent=1) + "\n")
