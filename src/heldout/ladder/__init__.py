"""The ladder: sizes of networks from linear to far past memorising, and how long they are trained."""

from heldout.ladder.kinds import LADDERS as LADDERS
from heldout.ladder.kinds import grow_kind_ladder as grow_kind_ladder
from heldout.ladder.kinds import thin_ladder as thin_ladder
from heldout.ladder.schedule import Schedule as Schedule
from heldout.ladder.schedule import candidate_rates as candidate_rates
from heldout.ladder.schedule import count_layers as count_layers
from heldout.ladder.schedule import lengthen as lengthen
from heldout.ladder.schedule import list_rates as list_rates
from heldout.ladder.schedule import make_net as make_net
from heldout.ladder.schedule import nominal_net as nominal_net
from heldout.ladder.schedule import order_rungs as order_rungs
from heldout.ladder.schedule import plain_hyper as plain_hyper
from heldout.ladder.schedule import plan_schedule as plan_schedule
from heldout.ladder.schedule import set_rate as set_rate
from heldout.ladder.tables import LARGEST_WIDTH as LARGEST_WIDTH
from heldout.ladder.tables import grow_ladder as grow_ladder
