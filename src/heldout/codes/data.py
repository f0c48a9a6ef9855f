"""Codes of what was asked of the data before training."""

from __future__ import annotations

from heldout.codes.record import Code

DATA_CODES: tuple[Code, ...] = (
    Code(
        "HO201",
        "exact duplicates",
        "rows repeat an earlier row in all features; copies count as one unit, so that no copy of a fit row "
        "is validated",
        "any exact copy; a warning from 5 % of the rows on",
        "exact",
    ),
    Code(
        "HO202",
        "conflicting labels",
        "rows with equal features have different targets: no function of these features can be right on all "
        "of them",
        "any such row; a warning where at least 1 % of the rows (or of the variance) cannot be explained",
        "exact on these rows; says nothing about rows without a copy",
    ),
    Code(
        "HO203",
        "class balance",
        "the rarest class has few rows, so that its score is uncertain",
        "the rarest class has under 30 rows, or under 10 % of the rows and under half of an even share",
        "exact count; the limits of 30 rows and 10 % are conventions",
    ),
    Code(
        "HO204",
        "spelling of classes",
        "class names differ only in case or spaces, and probably mean the same",
        "equal after lower-casing and joining spaces",
        "exact; whether they mean the same is a question",
    ),
    Code(
        "HO205",
        "missing cells",
        "how many feature cells hold no value",
        "any missing cell; a warning for columns with more than half of them missing",
        "exact count",
    ),
    Code(
        "HO206",
        "missingness tied to the target",
        "a column's missing cells depend on the target: missingness itself predicts",
        "p at most 0.05 after Benjamini-Hochberg over all columns with missing cells (Fisher, permutation or "
        "chi-square for classes, Mann-Whitney for numbers)",
        "false discovery rate 5 %; rows of one group count as independent, which makes it fire too often there",
    ),
    Code(
        "HO207",
        "constant columns",
        "a column has one value and cannot help",
        "one distinct value among the development rows",
        "exact",
    ),
    Code(
        "HO208",
        "repeated columns",
        "columns carry the same information as another one",
        "equal after renaming of values",
        "exact on these rows",
    ),
    Code(
        "HO209",
        "copies of the target",
        "a column, or two together, is the target in other words",
        "a one-to-one map, the same number to 1 part in 10,000, or a score of 0.99 alone",
        "exact maps cannot be wrong; near copies are a question",
    ),
    Code(
        "HO210",
        "single column predicts the target",
        "one column alone predicts the target suspiciously well: is it known at prediction time?",
        "critical from a lower bound of AUC (or R2) out of fold of 0.95 on; a note from 0.90 on; a warning already "
        "from AUC 0.70 or R2 0.35 on where the column moves with no other one at equal targets (5 %) while three "
        "quarters of the other number columns do, as a noisy copy of the answer would",
        "a question, since an honest column may be that good, and one that is alone among related ones looks copied",
    ),
    Code(
        "HO211",
        "rows of one unit were split",
        "several rows seem to come from one patient, family or site, and stand on both sides of the split: "
        "score and verdict are too high for a new one",
        "an identifier-like column or pattern whose values repeat, torn by at least one fold; without a telling name, "
        "and for sites, where rows of one value are more alike than exchanged rows: p at most 1 % divided by the "
        "columns asked, p of the target at most 10 %, and a correlation within a value of at least 0.2 (0.4 of numbers "
        "without a telling name) in a quarter of the columns; proposed, never applied",
        "a proposal: whether the rows belong together only the user knows; by likeness at most 1 % of tables without "
        "units by its rule, and at most 1 of 60 made ones by its test",
    ),
    Code(
        "HO213",
        "far values",
        "numbers lie far from the middle of their column; in the target a warning, with the lines and what to paste",
        "more than 10 robust standard deviations from the median; in the target also after its tails were evened by a "
        "logarithm or inverse sinh, or a code such as 99999 that stands apart from all others",
        "a normal column never gets there; heavy-tailed columns do",
    ),
    Code(
        "HO214",
        "capped target",
        "many rows hold exactly the largest or smallest target: was it cut off there?",
        "at least 10 rows and 1 % of the rows at one end, with over 30 different values",
        "a question",
    ),
    Code(
        "HO215",
        "open question",
        "a column could be read in two ways, or a spreadsheet or an encoding may have changed its cells; nothing was "
        "guessed",
        "the reading of its cells or of the file left a question open; critical in `heldout look` where the two "
        "readings give other values, which `heldout fit` refuses",
        "exact",
    ),
    Code(
        "HO216",
        "near copies",
        "rows almost repeat another one, which is as much memory as an exact copy",
        "nearer than chance allows for 0.02 pairs per table by the dimension in which the rows spread, with a"
        " gap behind",
        "by its rule at most 2 % of tables without near copies",
    ),
    Code(
        "HO217",
        "quantification of people",
        "columns of sex, gender, race, ethnicity or age are listed with their counts, and what the counting "
        "leaves out",
        "the words of the column name",
        "goes by names only: columns named otherwise are not seen",
    ),
    Code(
        "HO218",
        "functions of other columns",
        "a column is a sum, difference, product, ratio or grouping of others and says nothing new",
        "agreement on all rows to 1 part in a million",
        "exact on these rows; in small tables agreement by chance is guarded against, not excluded",
    ),
    Code(
        "HO219",
        "target follows the order of rows",
        "neighbouring rows have similar targets: the file is sorted, or sources follow one another",
        "p at most 0.001 over 20 blocks of rows",
        "at most 0.1 % of tables in random order",
    ),
    Code(
        "HO220",
        "nice or messy",
        "the sum of the four questions one asks of any data set, HO221 to HO224",
        "messy where one of the four is a no, or another check is critical",
        "as its parts",
    ),
    Code(
        "HO221",
        "one clear truth",
        "whether equal rows have equal targets",
        "as HO202, on rows that have a copy; cannot be told without copies, or where all are copies of whole lines, "
        "target included",
        "exact on these rows",
    ),
    Code(
        "HO222",
        "labels likely good",
        "whether labels are spelt in one way, not cut off, and there",
        "a no where HO204 or HO214 warn, or 5 % of the rows have no target; otherwise it cannot be told "
        "before training",
        "counts only; wrong labels are looked for after training (HO232)",
    ),
    Code(
        "HO223",
        "each class well represented",
        "whether the rarest class has enough rows",
        "as HO203",
        "as HO203",
    ),
    Code(
        "HO224",
        "a lot of data",
        "whether rows, units and the rarest class are many",
        "a no under 1,000 rows or units, or under 100 rows of the rarest class",
        "the limits are conventions",
    ),
    Code(
        "HO225",
        "columns of time",
        "rows have a date or a year, and the split did not follow it",
        "a date column, or a number named like a year from 1800 to 2200; a warning where the target changes "
        "with it (p at most 0.001)",
        "at most 0.1 % false warnings per table; the note without a warning goes by names and kinds",
    ),
    Code(
        "HO226",
        "identifiers",
        "a feature looks like an identifier, or an identifier tells the target by its order",
        "95 % of the rows have a value of their own and the name or form of one; order: p at most 0.001",
        "a question",
    ),
    Code(
        "HO227",
        "shift between declared parts",
        "a column differs between the fit and the validation rows that the user declared",
        "p at most 0.05 after Benjamini-Hochberg over all columns, and a change of at least a tenth",
        "false discovery rate 5 %",
    ),
    Code(
        "HO228",
        "time zones",
        "a column mixes times of several zones",
        "more than one offset among the cells",
        "exact",
    ),
    Code(
        "HO229",
        "cells that look like entry errors",
        "numbers far out even after the column was evened: compare them with the source",
        "8 robust standard deviations after the transformation that evens the column",
        "not a claim that they are wrong; nothing is changed",
    ),
    Code(
        "HO230",
        "part of a column gives the target away",
        "some values of a column practically determine the target while the rest says little",
        "values that are 98.5 % of one class, beyond a chance of 0.001 over all columns and rows",
        "at most 0.1 % of clean tables by its rule",
    ),
    Code(
        "HO231",
        "missingness tied to groups",
        "cells are missing more often for some people or places than for others",
        "p at most 0.05 after Benjamini-Hochberg, and a gap of at least 5 points",
        "false discovery rate 5 %",
    ),
    Code(
        "HO232",
        "labels to look at",
        "labels that networks which had not fitted the row contradict: for a look by people",
        "another class reaches the mean share that it has among the rows labelled with it (confident learning)",
        "a ranking and no claim: about half of such labels are right",
    ),
    Code(
        "HO233",
        "marks lost with the formatting",
        "a note speaks of bold, italics or colours, which a text file cannot hold",
        "words of the notes around the table",
        "goes by words only",
    ),
    Code(
        "HO234",
        "rare labels",
        "labels of a target with several labels a row that too few development rows have, or lack, to be learned "
        "and judged; they are left out, and their rows keep the other labels",
        "fewer development rows with the label, or without it, than label_rows (10)",
        "exact count; the limit is a convention",
    ),
    Code(
        "HO241",
        "near copies of examples",
        "pictures are near copies of one another (shifted, zoomed, mirrored, re-coded), or texts are (words changed, "
        "a sentence added)",
        "pictures: a correlation where they lie over each other best that three pictures in 1,000 have by chance, "
        "at least 0.87, in families that end there; texts: 40 % of the pairs of neighbouring words, rarer than chance "
        "explains",
        "a claim about looks; measured on known copies in docs/how-to/pictures.md and docs/how-to/texts.md",
    ),
    Code(
        "HO242",
        "copies across declared parts",
        "declared test rows are copies, exact or near, of development rows; the score is given with and without them; "
        "a row of a table is near where one cell differs, where it was rounded, or as HO216",
        "any copy; a warning from 1 % of the test rows on, critical from 5 % where that is twice the share of "
        "development rows that repeat one another; a test of copies alone is refused",
        "exact copies are exact; near pictures and texts as HO241; near rows count where test rows have one twice as "
        "often as development rows, by a rule for 2 % of tables",
    ),
    Code(
        "HO243",
        "how an example was taken tells its target",
        "a keyword of the header, a folder, the size or the camera alone predicts the target: a network may learn how "
        "an example was taken instead of what it shows; columns in which the label itself is written are left out",
        "AUC (or R2) out of fold with a lower bound above 0.6 (0.2), corrected for the number of such columns, and "
        "above 19 permuted targets",
        "5 % for all such columns together",
    ),
    Code(
        "HO244",
        "one number of the whole example tells its target",
        "brightness, contrast, level, length, share of GC or N, language or rare words alone tell the target: perhaps "
        "the true reason, perhaps how the examples were taken or cut",
        "AUC (or R2) out of fold with a lower bound above 0.95, corrected for the number of such properties, and above "
        "19 permuted targets; at most 4,000 development rows are measured",
        "at most 5 % for all such properties together",
    ),
    Code(
        "HO245",
        "long texts and sequences are cut",
        "texts lose their middle, sequences their end, where they are longer than what a network reads; told with the "
        "rows of each class",
        "any such fit row; a warning where a class has a tenth more of its rows cut than the others, at p 0.001 "
        "(chi-square or Fisher, corrected for the classes; at least 30 rows)",
        "counts are exact; at most 0.1 % false warnings for each column by its rule, more where rows of one group are "
        "alike",
    ),
    Code(
        "HO246",
        "unknown words",
        "share of the words that the recipe, fitted on other rows, has no number or weight for, class by class",
        "a warning where the rows of a class have a tenth more unknown words than the others, at p 0.001 "
        "(Mann-Whitney, corrected for the classes; at least 30 rows)",
        "counts are exact; at most 0.1 % false warnings for each column by its rule, more where rows of one group are "
        "alike",
    ),
    Code(
        "HO247",
        "damaged or marked-up texts",
        "texts with characters of a wrong encoding, tags, addresses of pages, control characters, without a word, or "
        "far longer than the others; each with its rows",
        "any such cell of a text column, and of a category for a wrong encoding; a warning for control characters, "
        "texts without a word and a wrong encoding that is not repaired",
        "exact by its rules; wrong encodings as the library ftfy recognizes them",
    ),
    Code(
        "HO248",
        "pictures that show nothing",
        "pictures of one value everywhere, or far darker, lighter or more blurred than the others, as the network gets "
        "them; named and kept",
        "one value: exact; dark: the brightest hundredth below 0.32 of white; light: the darkest twentieth above 0.95; "
        "both also half as far from black or white as the median picture; blurred: a fifth of the median picture's "
        "share of fine detail; all of them at least 4 robust standard deviations from the median, as ratios, of 30 and "
        "more pictures",
        "one value is exact; of the others by planted pictures and their clean twins",
    ),
    Code(
        "HO249",
        "unreadable cells",
        "cells that could not be read as what their column is, column by column; they count as missing",
        "any such cell of a feature; a warning from 5 % of the column's cells on",
        "exact count; what a column is was decided from its cells",
    ),
    Code(
        "HO250",
        "values known only as limits",
        "cells such as <0.5 or >200: the limit is kept with an indicator, the value lies beyond",
        "any such cell of a feature",
        "exact count",
    ),
    Code(
        "HO251",
        "codes and impossible numbers",
        "cells that hold a declared code for a missing value, or a number outside the range that was stated",
        "any such cell of a feature",
        "exact count",
    ),
    Code(
        "HO253",
        "columns change along the rows",
        "values, spread, categories or missing cells of a column change along the rows of the file, as after a change "
        "of instrument, lot or form; told with the line where it is one step; a file sorted by categories is asked run "
        "by run and told of the run that changes most surely, one sorted by a number not at all",
        "p at most 0.01 after Benjamini-Hochberg over all columns (largest cumulative sum of ranks, Kolmogorov), and a "
        "shift of at least 5 % of all ranks or of the rows",
        "at most 1 % of tables in random order by its rule, and at most 1 of 40 made ones by its test; more where rows "
        "of one unit stand together and no group was declared (three rows a unit that correlate 0.8: at most 8 of 60)",
    ),
    Code(
        "HO254",
        "keys cut by a spreadsheet",
        "keys such as 1.6E+15, or long ones that end in zeros after the 15th digit, have lost their other digits; told "
        "with the rows that fall together by that; rows with such keys are in no unit of HO211 and HO302",
        "any such cell in a column of identifiers or categories, or one that is named as keys are",
        "goes by the form of the cells; a key that was always written so looks the same",
    ),
    Code(
        "HO255",
        "class shares of declared parts",
        "the validation rows that the user declared hold the classes in other shares than the fit rows; class_shares "
        "decides whose shares probabilities follow",
        "p below 0.001: the chi-squared distance of one row of each unit against 9,999 random parts",
        "at most 0.1 % of parts drawn at random, by its rule",
    ),
    Code(
        "HO252",
        "rows that take no part",
        "rows that could not be read or hold no observation, with their lines, and rows without a target",
        "any such row; a warning where 5 % of the rows could not be read or have no target",
        "exact count; whose rows those set aside are is not known",
    ),
)
