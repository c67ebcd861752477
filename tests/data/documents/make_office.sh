#!/bin/sh
# Makes the office files and what LibreOffice itself takes their text for (the judge) from `office/source`. Run with
# LibreOffice 7.4 of Debian 12; dates in the files make each run's bytes others, so the files are committed.
set -eu
cd "$(dirname "$0")/office"
HOME=$(mktemp -d)
export HOME LC_ALL=C.UTF-8
to() { soffice --headless --norestore ${4:+"--infilter=$4"} --convert-to "$2" --outdir "$3" "$1" > /dev/null; }

# A long text of made-up sentences: the words follow from their place.
awk 'BEGIN {
    split("the harbour master counts every ship that comes with the tide and writes its name into a large old book while gulls cry above grey water", word, " ")
    print "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>The long book</title></head><body>"
    seed = 7
    for (chapter = 1; chapter <= 12; chapter++) {
        printf "<h1>Chapter %d</h1>\n", chapter
        for (paragraph = 1; paragraph <= 15; paragraph++) {
            printf "<p>"
            for (sentence = 1; sentence <= 8; sentence++) {
                count = 6 + (chapter * paragraph + sentence) % 9
                for (at = 0; at < count; at++) {
                    seed = (seed * 1103 + 12345) % 65536
                    printf("%s%s", (at + sentence > 1) ? " " : "", word[1 + seed % 25])
                }
                printf(" %d.", seed)
            }
            print "</p>"
        }
    }
    print "</body></html>"
}' > source/long.html

for name in manual languages; do
    to source/$name.fodt "docx:MS Word 2007 XML" .
    to source/$name.fodt "doc:MS Word 97" .
done
for name in report long; do
    to source/$name.html "docx:MS Word 2007 XML" . "HTML (StarWriter)"
    to source/$name.html "doc:MS Word 97" . "HTML (StarWriter)"
done
to source/numbers.fods "xlsx:Calc MS Excel 2007 XML" .
to source/numbers.fods "xls:MS Excel 97" .
to source/cities.csv "xlsx:Calc MS Excel 2007 XML" . "CSV:44,34,76,1,,0,false,true"
to source/cities.csv "xls:MS Excel 97" . "CSV:44,34,76,1,,0,false,true"
# 5,000 rows of whole numbers, fractions and words.
awk 'BEGIN { print "id,half,word"; for (at = 1; at <= 5000; at++) printf("%d,%.1f,row number %d\n", at, at / 2, at * 7) }' > "$HOME/rows.csv"
to "$HOME/rows.csv" "xlsx:Calc MS Excel 2007 XML" . "CSV:44,34,76,1,,0,false,true"
to "$HOME/rows.csv" "xls:MS Excel 97" . "CSV:44,34,76,1,,0,false,true"

# Workbooks as Excel writes them, and old ones of them. (`pip install XlsxWriter` gives it to python3.)
PYTHONDONTWRITEBYTECODE=1 python3 ../make_workbooks.py
for name in orders formats; do
    to $name.xlsx "xls:MS Excel 97" .
done

# The judge: LibreOffice's own text of each, by its defaults; of sheets each as csv, as shown.
rm -rf judge && mkdir judge
for file in *.docx *.doc; do
    to "$file" "txt:Text (encoded):UTF8" "$HOME"
    mv "$HOME/${file%.*}.txt" "judge/$file.txt"
done
for file in *.xlsx *.xls; do
    to "$file" "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1" "$HOME/sheets"
    for sheet in "$HOME/sheets/"*.csv; do
        name=${sheet##*/}
        mv "$sheet" "judge/$file-${name#"${file%.*}"-}"
    done
done
