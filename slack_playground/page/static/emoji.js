// The shortcodes that incident talk uses. What is not here stays as it was written.

const LINES = `
pushpin=📌 round_pushpin=📍 +1=👍 thumbsup=👍 -1=👎 thumbsdown=👎 eyes=👀 white_check_mark=✅ heavy_check_mark=✔️ clipboard=📋
x=❌ negative_squared_cross_mark=❎ warning=⚠️ rotating_light=🚨 bell=🔔 no_bell=🔕 fire=🔥 boom=💥 bug=🐛 zap=⚡ sos=🆘
red_circle=🔴 large_orange_circle=🟠 orange_circle=🟠 large_yellow_circle=🟡 yellow_circle=🟡 large_green_circle=🟢 green_circle=🟢
large_blue_circle=🔵 blue_circle=🔵 large_purple_circle=🟣 purple_circle=🟣 white_circle=⚪ black_circle=⚫ large_brown_circle=🟤
large_red_square=🟥 large_orange_square=🟧 large_yellow_square=🟨 large_green_square=🟩 large_blue_square=🟦 white_large_square=⬜
black_large_square=⬛ small_red_triangle=🔺 small_red_triangle_down=🔻 information_source=ℹ️ question=❓ exclamation=❗ grey_question=❔
bangbang=‼️ no_entry=⛔ no_entry_sign=🚫 construction=🚧 octagonal_sign=🛑 checkered_flag=🏁 triangular_flag_on_post=🚩
hourglass=⌛ hourglass_flowing_sand=⏳ stopwatch=⏱️ alarm_clock=⏰ timer_clock=⏲️ clock1=🕐 clock3=🕒 watch=⌚ calendar=📆 date=📅 spiral_calendar_pad=🗓️
memo=📝 pencil=📝 pencil2=✏️ page_facing_up=📄 page_with_curl=📃 notebook=📓 book=📖 books=📚 bookmark=🔖 bookmark_tabs=📑 label=🏷️
chart_with_upwards_trend=📈 chart_with_downwards_trend=📉 bar_chart=📊 mag=🔍 mag_right=🔎 link=🔗 paperclip=📎 file_folder=📁 card_index_dividers=🗂️
hammer_and_wrench=🛠️ wrench=🔧 hammer=🔨 gear=⚙️ nut_and_bolt=🔩 toolbox=🧰 test_tube=🧪 microscope=🔬 stethoscope=🩺 pill=💊 ambulance=🚑
fire_engine=🚒 fire_extinguisher=🧯 shield=🛡️ lock=🔒 unlock=🔓 closed_lock_with_key=🔐 key=🔑 satellite_antenna=📡 satellite=🛰️ phone=☎️ telephone_receiver=📞
pager=📟 iphone=📱 computer=💻 desktop_computer=🖥️ floppy_disk=💾 cloud=☁️ globe_with_meridians=🌐 package=📦 rocket=🚀 bulb=💡 loudspeaker=📢 mega=📣 speech_balloon=💬 thought_balloon=💭
email=📧 envelope=✉️ inbox_tray=📥 outbox_tray=📤 mailbox=📫 arrow_up=⬆️ arrow_down=⬇️ arrow_right=➡️ arrow_left=⬅️ arrow_upper_right=↗️ arrow_lower_right=↘️
arrows_counterclockwise=🔄 arrows_clockwise=🔃 repeat=🔁 rewind=⏪ fast_forward=⏩ arrow_forward=▶️ double_vertical_bar=⏸️ black_square_for_stop=⏹️ leftwards_arrow_with_hook=↩️ back=🔙
one=1️⃣ two=2️⃣ three=3️⃣ four=4️⃣ five=5️⃣ six=6️⃣ heart=❤️ tada=🎉 sparkles=✨ star=⭐ star2=🌟 dart=🎯 trophy=🏆 medal=🏅 100=💯
smile=😄 slightly_smiling_face=🙂 smiley=😃 grin=😁 joy=😂 wink=😉 thinking_face=🤔 neutral_face=😐 confused=😕 cry=😢 sob=😭 scream=😱 sweat_smile=😅 face_with_monocle=🧐 facepalm=🤦 shrug=🤷
wave=👋 raised_hands=🙌 clap=👏 pray=🙏 muscle=💪 point_right=👉 point_left=👈 point_up=☝️ point_down=👇 ok_hand=👌 hand=✋ raised_hand=✋ raising_hand=🙋 handshake=🤝 v=✌️ salute=🫡 saluting_face=🫡
robot_face=🤖 ghost=👻 skull=💀 detective=🕵️ firefighter=🧑‍🚒 technologist=🧑‍💻 busts_in_silhouette=👥 bust_in_silhouette=👤 office=🏢 hospital=🏥 house=🏠 seedling=🌱 coffee=☕ pizza=🍕 moon=🌙 sunny=☀️ snowflake=❄️ ocean=🌊 rainbow=🌈 snail=🐌 turtle=🐢
heavy_plus_sign=➕ heavy_minus_sign=➖ heavy_multiplication_x=✖️ ballot_box_with_check=☑️ radio_button=🔘 black_small_square=▪️ small_blue_diamond=🔹 small_orange_diamond=🔸 heavy_exclamation_mark=❗ recycle=♻️ infinity=♾️ white_small_square=▫️ balance_scale=⚖️ scales=⚖️ scroll=📜 compass=🧭 world_map=🗺️ thread=🧵 ladder=🪜 crystal_ball=🔮
`;

const BY_NAME = new Map(
  LINES.trim()
    .split(/\s+/)
    .map((pair) => {
      const at = pair.lastIndexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
);

/** The six that the picker offers first, then the rest. */
export const QUICK = ["pushpin", "+1", "eyes", "white_check_mark", "clipboard", "rotating_light"];
export const PICKER = [
  ...QUICK, "x", "warning", "fire", "hourglass_flowing_sand", "rewind", "rocket", "bug", "mag", "wrench", "memo",
  "tada", "heart", "pray", "raised_hands", "wave", "thinking_face", "joy", "100",
];

/** The character for a shortcode, or null. A skin tone is left off. */
export function emojiFor(name) {
  return BY_NAME.get(String(name).split("::")[0]) ?? null;
}

/** How a shortcode reads aloud: white_check_mark → white check mark. */
export function emojiWords(name) {
  return { "+1": "thumbs up", "-1": "thumbs down" }[name] ?? String(name).replaceAll("_", " ");
}

/** Shortcodes that begin with the letters typed. */
export function emojiNames(prefix) {
  return [...BY_NAME.keys()].filter((name) => name.startsWith(prefix));
}
