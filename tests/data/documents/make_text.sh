#!/bin/sh
# Makes texts and tables in old character sets from their sources in UTF-8, which are the judge, with GNU iconv.
set -eu
cd "$(dirname "$0")"
as() { iconv -f UTF-8 -t "$2" "text/source/$1.txt" > "text/$1.$(echo "$2" | tr 'A-Z' 'a-z').txt"; }
as german WINDOWS-1252
as german UTF-16LE
as polish ISO-8859-2
as polish WINDOWS-1250
as russian KOI8-R
as russian WINDOWS-1251
as japanese SHIFT_JIS
as japanese EUC-JP
as japanese ISO-2022-JP
as chinese GB18030
as taiwan BIG5
as korean EUC-KR
# With a mark, as Windows' editor writes it.
{ printf '\377\376'; iconv -f UTF-8 -t UTF-16LE text/source/chinese.txt; } > text/chinese.marked.txt
{ printf '\376\377'; iconv -f UTF-8 -t UTF-16BE text/source/russian.txt; } > text/russian.marked.txt
{ printf '\357\273\277'; cat text/source/korean.txt; } > text/korean.marked.txt
sed 's/$/\r/' text/source/german.txt | iconv -f UTF-8 -t WINDOWS-1252 > text/german.dos.txt

{ printf 'Stadt;Land;Einwohner\r\nKöln;Deutschland;1084831\r\n"Frankfurt; am Main";Deutschland;764104\r\n'; } | iconv -f UTF-8 -t WINDOWS-1252 > csv/semicolon.csv
printf 'Name\tSize\nłódź\t12,5\nship\t200,0\n' > csv/tabs.tsv
printf 'sep=;\nname;value\n"two\nlines";1\n"a ""word""";2\n' > csv/quotes.csv
{ printf '\377\376'; printf 'City\tPeople\r\n東京\t13960000\r\nKöln\t1084831\r\n' | iconv -f UTF-8 -t UTF-16LE; } > csv/unicode.csv
printf '1|2|3\n4|5|6\n' > csv/bars.csv
iconv -f UTF-8 -t SHIFT_JIS html/japanese.source > html/japanese.html
