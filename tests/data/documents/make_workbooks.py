#!/usr/bin/env python3
"""Makes workbooks as Excel writes them, with XlsxWriter 3.3: formats that a file names by number alone, which LibreOffice never
writes, among them. `make_office.sh` runs it in `office`, and makes .xls of them and the judge."""
import datetime

import xlsxwriter


def workbook(name):
    book = xlsxwriter.Workbook(name)
    book.set_properties({"created": datetime.datetime(2024, 2, 29)})
    formats = {}

    def form(code, **more):
        key = (code, *sorted(more.items()))
        if key not in formats:
            formats[key] = book.add_format({"num_format": code, **more})
        return formats[key]

    return book, form


# An order book: dates, percent, money, truth values, formulas, merged cells, lines within cells, sheets that are hidden.
book, form = workbook("orders.xlsx")
orders = book.add_worksheet("Orders")
orders.merge_range("A1:H1", "Orders of the first quarter", form("General", bold=True))
orders.write_row("A2", ["Order", "Day", "Sent at", "Customer", "Amount", "Discount", "Total", "Paid"])
customers = ["Muster & Söhne", "O'Neill Ltd.", "株式会社サクラ", "Zoë \"Zed\" Quist", "Łódź Textiles"]
total = 0
for at in range(24):
    row = at + 2
    amount = round((at * 7919 % 5000) * 1.37 - 700, 2)
    discount = [0, 0.05, 0.125, 0.3][at % 4]
    orders.write_number(row, 0, 1001 + at, form("000000"))
    orders.write_number(row, 1, 45292 + at * 3, form(14))
    orders.write_number(row, 2, 45292 + at * 3 + (at * 37 % 1440) / 1440, form(22))
    orders.write_string(row, 3, customers[at % 5] + ("\nsecond office" if at % 6 == 0 else ""))
    orders.write_number(row, 4, amount, form([7, "[$€-2] #,##0.00;[Red]-[$€-2] #,##0.00", 44, "#,##0.00 [$€-407]"][at % 4]))
    orders.write_number(row, 5, discount, form([9, 10, "0.0%"][at % 3]))
    orders.write_formula(row, 6, f"=E{row + 1}*(1-F{row + 1})", form([4, 40, 43][at % 3]), amount * (1 - discount))
    total += amount * (1 - discount)
    orders.write_boolean(row, 7, at % 3 != 1)
orders.write_string(26, 0, "Sum")
orders.write_formula(26, 6, "=SUM(G3:G26)", form(4), total)
orders.write_formula(26, 7, "=G27>0", None, total > 0)
orders.set_row(5, None, None, {"hidden": True})
orders.set_column("D:D", None, None, {"hidden": True})
terms = book.add_worksheet("Terms")
terms.merge_range("A1:C3", "Payment within 30 days.\nGoods stay ours until they are paid;\nsee the back of the page.")
terms.write_row("A5", ["  kept apart  ", "tab\there", "0049"])
terms.write_string("D5", "=no formula")
terms.write_rich_string("A6", "partly ", form("General", bold=True), "bold", " words")
terms.write_url("B6", "https://example.com/terms", string="our terms")
terms.write_comment("A6", "what a person noted here is no cell")
rates = book.add_worksheet("Rates")
rates.write_row("A1", ["Currency", "Rate", "Since"])
for at, (name, rate) in enumerate([("USD", 1.0834), ("JPY", 160.25), ("GBP", 0.8551), ("CHF", 0.9387)]):
    rates.write_row(at + 1, 0, [name, rate])
    rates.write_number(at + 1, 2, 45352 + at, form(15))
rates.hide()
secret = book.add_worksheet("Margins")
secret.write_row("A1", ["margin", 0.415, "not for customers"])
secret.very_hidden()
book.close()

# Many numbers under many codes.
FIGURES = [
    "General", "0", "0.00", "#,##0", "#,##0.00", "0%", "0.0%", "0.00E+00", "##0.0E+0", "# ?/?", "# ??/??", "# ?/4", "?/?",
    "#,##0.00 [$€-407]", "[$$-409]#,##0.00", "[$£-809]#,##0.00;[Red]-[$£-809]#,##0.00", "$#,##0_);($#,##0)",
    "_-* #,##0.00 €_-;-* #,##0.00 €_-;_-* \"-\"?? €_-;_-@_-", "[>100]\"big \"0;[<0]\"minus \"0;\"small \"0.0", "[<=100]0.0;0",
    "#,##0,\" k\"", "000-00-0000", "+0;-0;0", "\"yes\";\"yes\";\"no\"", "0.0#", "#.##", "0\" kg\"", "0;;", "0.00;[Red]\\(0.00\\)",
    "General;[Red]-General", "0.00\\%", "[$CHF-807] #,##0.00", 5, 6, 7, 8, 12, 13, 37, 38, 39, 40, 41, 42, 43, 44, 48,
]
NUMBERS = [0, 1, -1, 0.5, -2.25, 1234.5, -1234.567, 123456789, 0.005, 2.675, 0.333333333, 99.995, -0.001, 150]
DATES = [
    "yyyy-mm-dd", "dd.mm.yyyy", "d.m.yy", "m/d/yyyy", "dddd, d mmmm yyyy", "ddd d mmm yy", "mmm-yy", "mmmmm", "hh:mm", "h:mm AM/PM",
    "hh:mm:ss", "[h]:mm", "[mm]:ss", "mm:ss.0", "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd\"T\"hh:mm:ss.000", "d. mmmm yyyy",
    "[$-F800]dddd, mmmm dd, yyyy", "[$-409]h:mm:ss AM/PM", "h \"h\" mm \"min\"", "yyyy\"年\"m\"月\"d\"日\"", "dd/mm/yyyy;@",
    "[$-407]d. mmmm yyyy", "[$-40C]ddd d mmm yy", "[$-C0A]dddd", "[$-410]mmm yy", "[$-413]d mmmm", "[$-816]dddd, mmm",
    14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47,
]
DAYS = [45351, 45351.75, 36525.999, 1, 60, 61, 0.5, 1.5, 45351.123456789, -1, 45292.0416666667]
book, form = workbook("formats.xlsx")
for name, codes, numbers in [("Figures", FIGURES, NUMBERS), ("Dates", DATES, DAYS)]:
    sheet = book.add_worksheet(name)
    for row, code in enumerate(codes):
        sheet.write_string(row, 0, f"code {row}")
        for column, number in enumerate(numbers):
            sheet.write_number(row, column + 1, number, form(code))
sheet = book.add_worksheet("Plain")
for row, power in enumerate(list(range(-12, -2)) + list(range(13, 23))):
    for column, figures in enumerate(["1", "-1.5", "1.2345678", "3.33333333333333"]):
        sheet.write_number(row, column, float(f"{figures}e{power}"))
sheet.write_row(row + 1, 0, ["#N/A is no error", ""])
sheet.write_formula(row + 2, 0, "=NA()", None, "#N/A")
sheet.write_formula(row + 2, 1, "=1/0", None, "#DIV/0!")
for column, code in enumerate(["\"Mr. \"@", "_(@_)", "@\" pcs\"", "0;0;0;\"to \"@", "yyyy-mm-dd", "@"]):
    sheet.write_string(row + 3, column, "Smith", form(code))
for column, code in enumerate(["0.00", "\"yes\";\"yes\";\"no\"", "General"]):
    sheet.write_boolean(row + 4, column, column != 1, form(code))
book.close()
