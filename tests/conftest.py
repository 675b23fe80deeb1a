"""What tests of the index and of the search share: a small collection of our own, and ways to index it."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from vnsearch import Index, Report

sys.path.insert(0, str(Path(__file__).parent / "opensearch"))
from cluster_fixtures import cluster, killable, local_cluster  # noqa: F401 - for all tests that name them

# The machine that runs the tests may be busy: no example is too slow.
settings.register_profile("vnsearch", deadline=None)
settings.load_profile("vnsearch")

# A shell has what it starts in the background ignore Ctrl-C, and so would all processes that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


# id, title, body, day, source, category
_ROWS = [
    ("xa/uy-vuon", "Huyện ủy Sông Lam họp mở rộng", "Huyện ủy Sông Lam vừa họp mở rộng, bàn việc khen thưởng các tập thể có thành tích trong năm qua.", "2021-01-05", "Báo Sông Lam", "chính trị"),
    ("quan-uy-cu", "Quận uỷ Đông Hải tổng kết năm", "Sáng nay, Quận uỷ Đông Hải tổng kết công tác dân vận và trao giấy khen cho mười tập thể.", "2021-02-11", "Báo Đông Hải", "chính trị"),
    ("quan-uy-moi", "Nghị quyết mới của Quận ủy", "Quận ủy Đông Hải ra nghị quyết về nếp sống văn minh ở khu dân cư, giao các phường thực hiện ngay.", "2021-03-08", "Báo Đông Hải", "chính trị"),
    ("hoa-binh", "Làng gốm Hoà An đón khách", "Làng gốm Hoà An mỗi tháng đón vài nghìn khách. Thợ gốm thức khuya canh lò, lửa đỏ suốt đêm.", "2021-04-01", "Tin Du lịch", "du lịch"),
    ("thuy-loi", "Nạo vét kênh thuỷ lợi trước mùa mưa", "Trạm thuỷ lợi số hai nạo vét kênh, khơi dòng cho nước về ruộng. Bà con góp công cùng làm.", "2021-05-02", "Báo Sông Lam", "nông nghiệp"),
    ("duong-lang", "Làm đường làng bằng bê tông", "Thôn Thượng hiến đất làm đường. Con đường mới rộng bốn mét, xe tải nhỏ đi lọt, trẻ em đến trường khỏi lội bùn.", "2021-06-15", "Báo Sông Lam", "nông thôn"),
    ("ong-duong", "Ông Dương và vườn cam", "Ông Dương trồng cam đã hai mươi năm. Vườn của ông Dương năm nào cũng sai quả, thương lái đến tận nơi mua.", "2021-07-20", "Báo Sông Lam", "nông nghiệp"),
    ("dang-bo", "Ðảng bộ xã Phước Tân đại hội", "Ðảng bộ xã Phước Tân tổ chức đại hội. Ðồng chí bí thư trình bày báo cáo chính trị.", "2021-08-30", "Báo Phước Tân", "chính trị"),
    ("nfd", nfd("Khai trương thư viện phường Bến Tre"), nfd("Thư viện phường mở cửa buổi tối. Học sinh mượn sách miễn phí, người già đọc báo tại chỗ."), "2021-09-02", "Tin Giáo dục", "giáo dục"),
    ("dan-chu", "Thực hiện quy chế dân chủ ở cơ sở", "Các thôn công khai thu chi, lấy ý kiến dân trước khi làm. Quy chế dân chủ giúp bà con tin tưởng chính quyền.", "2021-10-10", "Báo Phước Tân", "chính trị"),
    ("tiem-chung", "Tiêm vắc xin cho trẻ em vùng cao", "Trạm y tế xã tổ chức tiêm vắc xin cho trẻ em ở ba bản xa. Cán bộ đi bộ nửa ngày đường mới đến nơi.", "2021-11-11", "Tin Y tế", "y tế"),
    ("cau-treo", "Cầu treo bắc qua suối Nậm Pha", "Cầu treo dài sáu mươi mét nối hai bản. Mùa lũ, học sinh không còn phải nghỉ học.", "2021-12-24", "Tin Giáo dục", "giao thông"),
    ("cho-noi", "Chợ nổi họp lúc tờ mờ sáng", "Ghe xuồng chở đầy dưa hấu, khoai lang tụ về chợ nổi. Người bán treo hàng lên cây bẹo để mời khách.", "2022-01-17", "Tin Du lịch", "du lịch"),
    ("ho-tieu", "Giá hồ tiêu tăng, nông dân phấn khởi", "Giá hồ tiêu tăng gần gấp đôi so với vụ trước. Nhiều hộ giữ hàng chờ giá cao hơn nữa.", "2022-02-14", "Báo Phước Tân", "nông nghiệp"),
    ("lua-nuoc", "Gặt lúa chạy bão", "Nghe tin bão gần bờ, bà con ra đồng gặt lúa suốt đêm. Bộ đội giúp dân chở lúa về sân phơi.", "2022-03-03", "Báo Sông Lam", "nông nghiệp"),
    ("rac-thai", "Phân loại rác tại nguồn ở chung cư", "Chung cư đặt ba thùng rác khác màu. Ban quản lý hướng dẫn từng nhà phân loại rác hữu cơ và rác tái chế.", "2022-04-04", "Báo Đông Hải", "môi trường"),
    ("trong-rung", "Trồng rừng ngập mặn chắn sóng", "Đoàn viên trồng hai vạn cây đước ven biển. Rừng ngập mặn giữ đất, chắn sóng và nuôi cá tôm.", "2022-05-19", "Báo Đông Hải", "môi trường"),
    ("xe-buyt", "Xe buýt điện chạy thử tuyến vành đai", "Xe buýt điện chạy êm, không khói. Hành khách quẹt thẻ trả tiền, người già được miễn vé.", "2022-06-06", "Tin Đô thị", "giao thông"),
    ("ngap-nuoc", "Đường phố ngập sau cơn mưa lớn", "Mưa hai giờ, nhiều tuyến đường ngập nửa bánh xe. Công nhân thoát nước vớt rác ở các miệng cống.", "2022-07-07", "Tin Đô thị", "môi trường"),
    ("toa-an", "Toà án xử vụ tranh chấp đất", "Toà án huyện đưa ra xét xử vụ tranh chấp đất giữa hai anh em. Sau khi hoà giải, đôi bên rút đơn.", "2022-08-08", "Báo Sông Lam", "pháp luật"),
    ("hoa-giai", "Tổ hòa giải giữ yên xóm làng", "Tổ hòa giải gồm năm người lớn tuổi. Chuyện gì trong xóm tổ cũng đến từng nhà nghe trước rồi mới nói.", "2022-09-09", "Báo Phước Tân", "pháp luật"),
    ("bong-da", "Đội bóng thiếu niên thắng trận chung kết", "Đội bóng thiếu niên huyện thắng trận chung kết bằng loạt đá luân lưu. Thủ môn bắt được hai quả.", "2022-10-12", "Tin Thể thao", "thể thao"),
    ("hat-xam", "Nghệ nhân hát xẩm truyền nghề", "Nghệ nhân tám mươi tuổi vẫn dạy hát xẩm cho lớp trẻ. Mỗi tối thứ bảy, tiếng nhị lại vang sân đình.", "2022-11-20", "Tin Du lịch", "văn hóa"),
    ("le-hoi", "Lễ hội xuống đồng đầu xuân", "Lễ hội xuống đồng mở đầu vụ cấy. Cụ già đi những đường cày đầu tiên, trai gái thi cấy lúa.", "2022-12-12", "Tin Du lịch", "văn hóa"),
    ("muong-cai", "Đắp bờ mương cái Đồng Cói", "Dân công đắp bờ mương cái Đồng Cói dài ba cây số, kịp lấy nước trước vụ cấy.", "2023-01-13", "Báo Phước Tân", "nông nghiệp"),
    ("doc-sach", "Phong trào đọc sách ở công trường", "Công nhân công trường đọc sách sau ca làm. Tủ sách do công đoàn lập có hơn năm trăm cuốn.", "2023-02-22", "Tin Giáo dục", "giáo dục"),
    ("ca-loc", "Nuôi cá lóc trong vèo lưới", "Anh Tư nuôi cá lóc trong vèo, mỗi vụ bán hai tấn. Anh chỉ lại cách làm cho cả xóm.", "2023-03-23", "Báo Phước Tân", "nông nghiệp"),
    ("hien-mau", "Ngày hội hiến máu nhân đạo", "Hơn ba trăm người đến hiến máu từ sáng sớm. Ban tổ chức trao giấy khen cho người hiến máu nhiều lần.", "2023-04-24", "Tin Y tế", "y tế"),
    ("khong-ngay", "Thông báo lịch cúp điện", "Điện lực thông báo lịch cúp điện để sửa đường dây. Bà con chú ý tắt bếp từ, tủ đông.", None, None, None),
    ("chi-dau", "… — !!!", "?!… ()", "2023-05-25", "Báo Sông Lam", None),
    ("rong", "Ảnh: hoàng hôn trên phá", "", "2023-06-26", "Tin Du lịch", "du lịch"),
]  # fmt: skip


def _collection() -> list[Report]:
    reports = []
    for number, (identity, title, body, day, source, category) in enumerate(_ROWS):
        extra: dict[str, Any] = {"order": number}
        if number % 3 == 0:
            extra["tags"] = ["lẻ" if number % 2 else "chẵn", "ba"]
        date = dt.date.fromisoformat(day) if day else None
        reports.append(Report(identity, title, body, date, source, None, category, None, extra))
    return reports


@pytest.fixture(scope="session")
def reports() -> list[Report]:
    """The collection, in the order in which it is added."""
    return _collection()


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory, reports: list[Report]) -> Iterator[Index]:
    """An index of the collection in one segment. Nobody may change it."""
    with Index.create(tmp_path_factory.mktemp("collection"), filterable=("order", "tags")) as index:
        index.add(reports)
        yield index


@pytest.fixture(scope="session")
def segmented(tmp_path_factory: pytest.TempPathFactory, reports: list[Report]) -> Iterator[Index]:
    """The same reports after a life of small changes: many segments, replaced reports, deleted ones. Nobody may change it."""
    with Index.create(tmp_path_factory.mktemp("segmented"), filterable=("order", "tags")) as index:
        index.add([Report(report.id, "bản nháp", "chưa có nội dung") for report in reports[:7]])
        for at, report in enumerate(reports):
            index.add([report])
            if at % 5 == 0:
                index.add([Report(f"thừa {at}", report.title, report.body, extra={"tags": "thừa"})])
        index.delete(f"thừa {at}" for at in range(0, len(reports), 5))
        yield index


@pytest.fixture
def new_index(tmp_path: Path) -> Iterator[Callable[..., Index]]:
    """A function that makes an empty index in a new folder; all are closed at the end."""
    made: list[Index] = []

    def make(**options: Any) -> Index:
        made.append(Index.create(tmp_path / f"index-{len(made)}", **options))
        return made[-1]

    yield make
    for index in made:
        index.close()


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of sample reports that are not ours and lie beside the checkout."""
    if not SEEDS.is_dir():
        pytest.skip(f"no seeds at {SEEDS}: they are not part of the project")
    return SEEDS
