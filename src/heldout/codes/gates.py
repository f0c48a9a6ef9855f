"""Codes of the checks that come before any verdict: could a fault of the data or the training explain the losses?"""

from __future__ import annotations

from heldout.codes.record import Code, Measured

GATE_CODES: tuple[Code, ...] = (
    Code(
        "HO301",
        "copies of fit rows",
        "validation rows repeat fit rows, so that memory looks like skill",
        "any copy, exact or near (HO241), of rows, pictures, texts or sequences; overrides when leaving them out can "
        "raise the loss by more than delta",
        "exact copies are exact: never fires without copies; near copies as HO241",
        measured=(Measured("copies across the split caught", 100.0, 100.0, least=0),),
    ),
    Code(
        "HO302",
        "groups on both sides",
        "rows of one group stand among the fit and the validation rows",
        "any shared value; overrides when it can (declared group) or does (found group) move the loss by more than "
        "delta",
        "exact: never fires without shared groups",
    ),
    Code(
        "HO303",
        "single column gives the target away",
        "one column alone predicts the target almost surely: is it known at prediction time?",
        "lower bound of its AUC (or R2) above 0.95 out of fold; a question, never overrides",
        "at most 5 % of tables without such a column",
    ),
    Code(
        "HO304",
        "fit and validation rows differ",
        "a classifier can tell them apart (shift)",
        "DeLong's lower 97.5 % bound above 0.55 out of fold; overrides when weighting the rows alike can move the loss "
        "by more than delta, never where the division follows time; of classes within each class, so that other class "
        "shares alone are none (HO255); not asked where heldout dealt the rows at random",
        "at most 2.5 % of clean studies",
        measured=(Measured("one column shifted by one standard deviation caught", 100.0, 100.0, least=0),),
    ),
    Code(
        "HO305",
        "labels do not correspond",
        "the fit rows' labels can be learned, and nothing of it holds on the validation rows",
        "no skill, and real labels fitted better than permuted ones by 2.5 standard errors and by delta",
        "on random labels about 5 % of simulated studies",
        measured=(
            Measured("random labels called a mix-up", 0.0, 0.0, least=0),
            Measured("shuffled validation labels caught", 100.0, 100.0, least=0),
        ),
    ),
    Code(
        "HO306",
        "labels turned round",
        "a network too small to overfit is worse than a constant guess on validation rows and better on its fit rows",
        "lower 99 % bound above delta plus the optimism of its size (2 p/n nats)",
        "at most 1 % of clean studies",
        measured=(Measured("flipped validation labels caught", 83.3, 100.0, least=0),),
    ),
    Code(
        "HO307",
        "cannot learn 32 rows",
        "the largest network cannot learn 32 rows by heart: optimisation or code are broken",
        "lowest training loss above a tenth of the constant predictor's",
        "not seen on clean data",
    ),
    Code(
        "HO308",
        "gap of the smallest network",
        "a network with fewer weights than a tenth of its rows has a gap: validation rows come from elsewhere",
        "lower 99 % bound above delta plus the optimism of its size (2 p/n nats), each class counted as among the fit "
        "rows where declared parts hold the classes in other shares (then at least 40 of each)",
        "at most 1 % of clean studies",
    ),
    Code(
        "HO309",
        "validation rows easier than fit rows",
        "the network knows new rows better than its own: leak, copies, or losses read in the wrong mode",
        "lower 99 % bound of training minus validation loss above delta, each class counted as among the fit rows "
        "where declared parts hold the classes in other shares (then at least 40 of each); never overrides where time "
        "divides",
        "at most 1 % of clean studies",
    ),
    Code(
        "HO310",
        "loss does not fit the accuracy",
        "outputs are held down, for example squashed twice",
        "share of right answers above the surest rows' probability by 0.03 (lower 99 % bound); from means: training "
        "loss above what calibrated outputs have",
        "not seen on honest networks with label noise",
    ),
    Code(
        "HO311",
        "networks diverged",
        "losses became infinite or not a number",
        "any; overrides when no configuration is left",
        "exact",
    ),
)
