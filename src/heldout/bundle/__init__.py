"""A trained ensemble as one file: saved, checked, loaded, and used on new raw rows."""

from heldout.bundle.card import find_common_values as find_common_values
from heldout.bundle.card import write_card as write_card
from heldout.bundle.checks import ColumnCount as ColumnCount
from heldout.bundle.forward import predict_features as predict_features
from heldout.bundle.forward import predict_members as predict_members
from heldout.bundle.known_rows import find_known as find_known
from heldout.bundle.known_rows import mark_rows as mark_rows
from heldout.bundle.known_rows import share_repeated as share_repeated
from heldout.bundle.load import load_bundle as load_bundle
from heldout.bundle.load import read_bundle as read_bundle
from heldout.bundle.predict import PredictionReport as PredictionReport
from heldout.bundle.predict import RowFlag as RowFlag
from heldout.bundle.predict import predict_table as predict_table
from heldout.bundle.record import Bundle as Bundle
from heldout.bundle.record import Limits as Limits
from heldout.bundle.record import Member as Member
from heldout.bundle.save import bundle_bytes as bundle_bytes
from heldout.bundle.save import save_bundle as save_bundle
from heldout.bundle.save import write_file as write_file
from heldout.bundle.score import ScoredRows as ScoredRows
from heldout.bundle.score import score_table as score_table
from heldout.bundle.write import write_predictions as write_predictions
